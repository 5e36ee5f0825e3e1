package syscalls

import (
	"bytes"
	"errors"
	"testing"

	"openmosix/internal/model/abi"
)

// memory is a caller's memory of a few pages at base; everything else faults.
type memory struct {
	base uint64
	b    []byte
}

var errFault = errors.New("bad address")

func newMemory() *memory { return &memory{base: 0x10000, b: make([]byte, 4*abi.PageSize)} }

func (m *memory) at(addr uint64, n int) ([]byte, error) {
	if addr < m.base || addr-m.base+uint64(n) > uint64(len(m.b)) {
		return nil, errFault
	}
	return m.b[addr-m.base:][:n], nil
}

func (m *memory) Read(addr uint64, b []byte) error {
	s, err := m.at(addr, len(b))
	copy(b, s)
	return err
}

func (m *memory) Write(addr uint64, b []byte) error {
	s, err := m.at(addr, len(b))
	copy(s, b)
	return err
}

func (m *memory) put(addr uint64, b []byte) { copy(m.b[addr-m.base:], b) }

func (m *memory) words(addr uint64, w ...uint64) {
	for i, v := range w {
		le.PutUint64(m.b[addr-m.base+uint64(i)*8:], v)
	}
}

// trip sends a call home and back; kernel plays the kernel at home on the window.
func trip(t *testing.T, nr int, a [6]uint64, m Memory, kernel func(args [6]uint64, window []byte) int64) int64 {
	t.Helper()
	c, e := Lookup(nr).Gather(a, m)
	if e != abi.OK {
		return e.Result()
	}
	h, err := DecodeCall(c.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<20)
	args, offs, need, ok := h.Place(testWindow, buf, len(buf))
	if !ok {
		t.Fatalf("needs %d bytes", need)
	}
	result := kernel(args, buf)
	ret, outs, err := DecodeReply(AppendReply(nil, result, h.Returned(result, buf, offs, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return c.Scatter(ret, outs, m)
}

const testWindow = 0x700000000000

func TestReadvScatters(t *testing.T) {
	m := newMemory()
	m.words(0x10000, 0x11000, 3, 0x11100, 0, 0x11200, 10)
	ret := trip(t, 19, [6]uint64{5, 0x10000, 3}, m, func(a [6]uint64, w []byte) int64 {
		if a[2] != 3 || le.Uint64(w[a[1]-testWindow+8:]) != 3 || le.Uint64(w[a[1]-testWindow+40:]) != 10 {
			t.Errorf("at home: %x", a)
		}
		copy(w[le.Uint64(w[a[1]-testWindow:])-testWindow:], "abcdefgh")
		return 8
	})
	if ret != 8 || string(m.b[0x1000:0x1004]) != "abc\x00" || string(m.b[0x1200:0x1206]) != "defgh\x00" {
		t.Errorf("%d %q %q", ret, m.b[0x1000:0x1004], m.b[0x1200:0x1206])
	}
}

func TestRecvmsgKeepsPointers(t *testing.T) {
	m := newMemory()
	m.words(0x10000, 0x11000, 100, 0x10100, 1, 0x12000, 64, 7)
	m.words(0x10100, 0x11800, 50)
	before := bytes.Clone(m.b[:16])
	ret := trip(t, 47, [6]uint64{5, 0x10000}, m, func(a [6]uint64, w []byte) int64 {
		h := w[a[1]-testWindow:]
		copy(w[le.Uint64(h)-testWindow:], "name")
		le.PutUint32(h[abi.MsgNamelen:], 4)
		iov := w[le.Uint64(h[abi.MsgIov:])-testWindow:]
		copy(w[le.Uint64(iov)-testWindow:], "data")
		copy(w[le.Uint64(h[abi.MsgControl:])-testWindow:], "ctl")
		le.PutUint64(h[abi.MsgControllen:], 3)
		le.PutUint32(h[abi.MsgFlags:], 0x20)
		return 4
	})
	if ret != 4 || string(m.b[0x1000:0x1005]) != "name\x00" || string(m.b[0x1800:0x1805]) != "data\x00" || string(m.b[0x2000:0x2004]) != "ctl\x00" {
		t.Errorf("%d", ret)
	}
	if !bytes.Equal(before[:8], m.b[:8]) || le.Uint32(m.b[8:]) != 4 || le.Uint64(m.b[16:]) != 0x10100 || le.Uint64(m.b[40:]) != 3 || le.Uint32(m.b[48:]) != 0x20 {
		t.Errorf("header %x", m.b[:56])
	}
}

// TestFaultsTravel: what the caller cannot read or should not give is left for the
// kernel at home to refuse, with the other arguments as they were.
func TestFaultsTravel(t *testing.T) {
	m := newMemory()
	m.words(0x10000, 0x11000, ^uint64(0), 0x11000, 1)
	m.words(0x10020, 4096)
	tests := []struct {
		name string
		nr   int
		a    [6]uint64
		want [6]uint64
	}{
		{"write of unreadable memory", 1, [6]uint64{1, 0x500, 9}, [6]uint64{1, Unmapped, 9}},
		{"write of NULL", 1, [6]uint64{1, 0, 9}, [6]uint64{1, 0, 9}},
		{"read of a negative count", 0, [6]uint64{1, 0x10000, ^uint64(0)}, [6]uint64{1, Poison, ^uint64(0)}},
		{"read beyond user space", 0, [6]uint64{1, abi.UserEnd - 10, 20}, [6]uint64{1, Poison, 20}},
		{"open of an unreadable path", 2, [6]uint64{0x50}, [6]uint64{Unmapped}},
		{"too many iovecs", 20, [6]uint64{1, 0x10000, 1025}, [6]uint64{1, Unmapped, 1025}},
		{"connect with a long address", 42, [6]uint64{1, 0x10000, 129}, [6]uint64{1, Poison, 129}},
		{"connect with a negative length", 42, [6]uint64{1, 0x10000, 0xffffffff}, [6]uint64{1, Poison, 0xffffffff}},
		{"getsockname without a length", 51, [6]uint64{1, 0x10000, 0}, [6]uint64{1, Unmapped, 0}},
		{"ppoll loses its mask", 271, [6]uint64{0, 0, 0, 0x10000, 8}, [6]uint64{4: 8}},
	}
	for _, tt := range tests {
		c, e := Lookup(tt.nr).Gather(tt.a, m)
		if e != abi.OK || c.Args != tt.want {
			t.Errorf("%s: %v %x, want %x", tt.name, e, c.Args, tt.want)
		}
	}
	c, _ := Lookup(20).Gather([6]uint64{1, 0x10000, 2}, m)
	if len(c.Segs) != 1 || le.Uint64(c.Segs[0].In[8:]) != ^uint64(0) {
		t.Error("a negative iovec must travel as one, for EINVAL")
	}
}

func TestShortened(t *testing.T) {
	big := &everywhere{}
	c, _ := Lookup(0).Gather([6]uint64{1, 0x10000, 1 << 30}, big)
	if c.Args[2] != MaxBuffer || c.Segs[0].Size != MaxBuffer {
		t.Errorf("read of 1 GiB: %d", c.Args[2])
	}
	c, _ = Lookup(191).Gather([6]uint64{0x1000, 0x1000, 0x10000, 1 << 40}, big)
	if c.Args[3] != 65536 {
		t.Errorf("getxattr: %d", c.Args[3])
	}
}

// everywhere is memory full of zeros.
type everywhere struct{}

func (*everywhere) Read(_ uint64, b []byte) error { clear(b); return nil }
func (*everywhere) Write(uint64, []byte) error    { return nil }

// TestTimeWrittenBack is the kernel's rule of poll_select_finish.
func TestTimeWrittenBack(t *testing.T) {
	for _, tt := range []struct {
		name     string
		readOnly bool
		left     uint64
		ret      int64
		want     int64
	}{
		{"interrupted", false, 1, -514, -514},
		{"interrupted, cannot store", true, 1, -514, -4},
		{"interrupted, nothing to store", true, 5, -514, -514},
		{"ready, cannot store", true, 1, 2, 2},
	} {
		m := newMemory()
		m.words(0x10000, 5, 0)
		var mem Memory = m
		if tt.readOnly {
			mem = constant{m}
		}
		ret := trip(t, 23, [6]uint64{4: 0x10000}, mem, func(a [6]uint64, w []byte) int64 {
			le.PutUint64(w[a[4]-testWindow:], tt.left)
			return tt.ret
		})
		if ret != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, ret, tt.want)
		}
		if !tt.readOnly && le.Uint64(m.b) != tt.left {
			t.Errorf("%s: %d left", tt.name, le.Uint64(m.b))
		}
	}
}

type constant struct{ Memory }

func (constant) Write(uint64, []byte) error { return errFault }

// TestScatterBounded: a reply cannot write beyond what the call offered.
func TestScatterBounded(t *testing.T) {
	m := newMemory()
	c, _ := Lookup(0).Gather([6]uint64{1, 0x10000, 4}, m)
	c.Scatter(100, [][]byte{bytes.Repeat([]byte{0xee}, 100), {1, 2, 3}}, m)
	if m.b[3] != 0xee || m.b[4] != 0 {
		t.Errorf("%x", m.b[:8])
	}
}

func TestExecStrings(t *testing.T) {
	m := newMemory()
	m.put(0x11000, []byte("/bin/true\x00-x\x00"))
	m.words(0x10000, 0x11000, 0x1100a, 0)
	trip(t, 59, [6]uint64{0x11000, 0x10000, 0}, m, func(a [6]uint64, w []byte) int64 {
		second := le.Uint64(w[a[1]-testWindow+8:])
		if got := string(w[second-testWindow:][:3]); got != "-x\x00" {
			t.Errorf("argv[1] is %q", got)
		}
		return 0
	})
}

func TestWaitMask(t *testing.T) {
	m := newMemory()
	m.words(0x10000, 0x11000, 8)
	if addr, size, ok := Lookup(270).WaitMask([6]uint64{5: 0x10000}, m); !ok || addr != 0x11000 || size != 8 {
		t.Error(addr, size, ok)
	}
	if addr, size, ok := Lookup(271).WaitMask([6]uint64{3: 0x11000, 4: 8}, m); !ok || addr != 0x11000 || size != 8 {
		t.Error(addr, size, ok)
	}
}

// TestCodecCloses: every row's call survives the wire.
func TestCodecCloses(t *testing.T) {
	m := &everywhere{}
	each(func(r *Row) {
		if !r.Forwardable() {
			return
		}
		a := [6]uint64{0x1000, 0x2000, 0x30, 0x40, 0x50, 0x60}
		c, e := Lookup(r.Nr).Gather(a, m)
		if e != abi.OK {
			return
		}
		c.Takes(func(addr, n uint64) uint64 { return min(n, addr%7) })
		b := c.Append(nil)
		d, err := DecodeCall(b)
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
		} else if !bytes.Equal(b, d.Append(nil)) {
			t.Errorf("%s: changed on the way", r.Name)
		}
	})
}

func FuzzDecodeCall(f *testing.F) {
	m := newMemory()
	m.words(0x10000, 0x11000, 100, 0x10100, 1, 0x12000, 64, 7)
	m.words(0x10100, 0x11800, 50)
	for _, nr := range []int{0, 1, 7, 19, 47, 59, 299} {
		if c, e := Lookup(nr).Gather([6]uint64{3, 0x10000, 1}, m); e == abi.OK {
			f.Add(c.Append(nil), int64(5))
		}
	}
	window := make([]byte, 1<<16)
	f.Fuzz(func(t *testing.T, b []byte, ret int64) {
		c, err := DecodeCall(b)
		if err != nil {
			return
		}
		if again, err := DecodeCall(c.Append(nil)); err != nil || len(again.Segs) != len(c.Segs) {
			t.Fatalf("does not survive: %v", err)
		}
		if _, offs, need, ok := c.Place(testWindow, window, len(window)); ok {
			for i, o := range offs {
				if o+int(c.Segs[i].Size) > need {
					t.Fatal("segment outside the window")
				}
			}
			c.Scatter(ret, c.Returned(ret, window, offs, nil), m)
		}
	})
}

func FuzzDecodeReply(f *testing.F) {
	f.Add(AppendReply(nil, -514, [][]byte{{1, 2}, nil, {3}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		ret, outs, err := DecodeReply(b)
		if err != nil {
			return
		}
		r2, o2, err := DecodeReply(AppendReply(nil, ret, outs))
		if err != nil || r2 != ret || len(o2) != len(outs) {
			t.Fatalf("does not survive: %v", err)
		}
	})
}

func BenchmarkRead4K(b *testing.B) {
	m := newMemory()
	window := make([]byte, 1<<16)
	var c, h Call
	var wire []byte
	var offs []int
	var outs [][]byte
	b.ReportAllocs()
	for b.Loop() {
		Lookup(0).GatherInto(&c, [6]uint64{3, 0x10000, 4096}, m)
		wire = c.Append(wire[:0])
		if err := h.Decode(wire); err != nil {
			b.Fatal(err)
		}
		_, offs, _, _ = h.PlaceInto(offs, testWindow, window, len(window))
		outs = h.Returned(4096, window, offs, outs)
		wire = AppendReply(wire[:0], 4096, outs)
		ret, back, err := DecodeReplyInto(outs, wire)
		if err != nil {
			b.Fatal(err)
		}
		outs = back
		c.Scatter(ret, outs, m)
	}
}
