package mem

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/syscalls"
)

var _ syscalls.Memory = (*Space)(nil)

// own maps memory of this process and opens this process as if it were another.
func own(tb testing.TB, size int) (*Space, uint64, []byte) {
	tb.Helper()
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := Open(os.Getpid(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := errors.Join(s.Close(), unix.Munmap(b)); err != nil {
			tb.Error(err)
		}
	})
	return s, uint64(uintptr(unsafe.Pointer(&b[0]))), b
}

func TestReadWrite(t *testing.T) {
	s, addr, b := own(t, 3*4096)
	if err := s.Write(addr+4090, []byte("across a page")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b[4090:4103], []byte("across a page")) {
		t.Error(b[4090:4103])
	}
	got := make([]byte, 13)
	if err := s.Read(addr+4090, got); err != nil || string(got) != "across a page" {
		t.Error(string(got), err)
	}
	if err := s.Read(addr, nil); err != nil {
		t.Error(err)
	}
}

// tracer is one that counts what it was asked to do, until it has ended.
type tracer struct {
	asked int
	ended bool
}

func (t *tracer) On(f func()) bool {
	if t.asked++; !t.ended {
		f()
	}
	return !t.ended
}

// TestForced: what a process may not do itself is done by its tracer, and nothing else.
func TestForced(t *testing.T) {
	var by tracer
	s, addr, b := own(t, 3*4096)
	s.tracer = &by
	for i := range b {
		b[i] = byte(i >> 12)
	}
	if err := unix.Mprotect(b[4096:8192], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 3*4096)
	if err := s.Read(addr, got); !errors.Is(err, unix.EFAULT) {
		t.Errorf("read in its own right: %v", err)
	}
	if err := s.Write(addr+4000, got[:100]); !errors.Is(err, unix.EFAULT) {
		t.Errorf("written in its own right: %v", err)
	}
	f := Forced{s}
	if err := errors.Join(f.Read(addr, got[:4096]), f.Write(addr+8192, b[8192:])); err != nil || by.asked != 0 {
		t.Errorf("the tracer was asked %d times for what anybody may do: %v", by.asked, err)
	}
	if err := f.Read(addr, got); err != nil || got[0] != 0 || got[4096] != 1 || got[8192] != 2 || by.asked != 1 {
		t.Fatal(got[0], got[4096], got[8192], by.asked, err)
	}
	if err := f.Write(addr+4000, bytes.Repeat([]byte{9}, 4196)); err != nil || by.asked != 2 {
		t.Fatal(by.asked, err)
	}
	if err := f.Read(addr+3999, got[:4198]); err != nil || got[0] != 0 || got[1] != 9 || got[4000] != 9 || got[4196] != 9 || got[4197] != 2 {
		t.Error(got[:2], got[4000], got[4196:4198], err)
	}
	by.ended = true
	if err := f.Read(addr, got); !errors.Is(err, unix.ESRCH) {
		t.Errorf("read by a tracer that has ended: %v", err)
	}
}

func TestErrors(t *testing.T) {
	s, _, _ := own(t, 4096)
	beyond := beyondEnd(t)
	for _, at := range []uint64{beyond + 4090, 0, 1 << 63, ^uint64(0)} {
		if err := s.Read(at, make([]byte, 16)); err == nil {
			t.Errorf("read at %#x succeeded", at)
		}
		if err := (Forced{s}).Read(at, make([]byte, 16)); err == nil {
			t.Errorf("forced to read at %#x", at)
		}
	}
	if _, err := Open(1<<30, nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// beyondEnd maps two pages of a file that has one: the second cannot be read.
func beyondEnd(t *testing.T) uint64 {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	b, err := unix.Mmap(int(file.Fd()), 0, 2*4096, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(b); err != nil {
			t.Error(err)
		}
	})
	return uint64(uintptr(unsafe.Pointer(&b[0])))
}

func TestReadString(t *testing.T) {
	s, addr, b := own(t, 2*4096)
	copy(b[4096-300:], bytes.Repeat([]byte{'x'}, 299))
	if err := unix.Mprotect(b[4096:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		max, want int
		err       error
	}{{4096, 299, nil}, {299, 299, nil}, {298, 0, unix.ENAMETOOLONG}, {0, 0, unix.ENAMETOOLONG}} {
		got, err := s.ReadString(addr+4096-300, c.max)
		if len(got) != c.want || !errors.Is(err, c.err) {
			t.Error(c, len(got), err)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	s, addr, _ := own(t, 4096)
	b := make([]byte, 64)
	if n := testing.AllocsPerRun(100, func() {
		if s.Read(addr, b) != nil || s.Write(addr, b) != nil {
			t.Fatal("copy failed")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRead64(b *testing.B) {
	s, addr, _ := own(b, 4096)
	buf := make([]byte, 64)
	for b.Loop() {
		if err := s.Read(addr, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func TestWritable(t *testing.T) {
	s, addr, b := own(t, 4*4096)
	if err := errors.Join(unix.Mprotect(b[4096:8192], unix.PROT_READ), unix.Mprotect(b[3*4096:], unix.PROT_NONE)); err != nil {
		t.Fatal(err)
	}
	if s.Writable(addr+4096, 1) != 0 {
		t.Skip("this kernel tells nothing of single mappings")
	}
	for _, c := range []struct{ off, n, want uint64 }{{0, 4096, 4096}, {10, 5000, 4086}, {4095, 1, 1}, {4096, 4096, 0}, {8191, 2, 0}, {8192, 4096, 4096}, {8192, 4097, 4096}, {0, 0, 0}} {
		if got := s.Writable(addr+c.off, c.n); got != c.want {
			t.Errorf("%d bytes at %d: %d, not %d", c.n, c.off, got, c.want)
		}
	}
	if got := s.Writable(0, 100); got != 0 {
		t.Errorf("at 0: %d", got)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "short"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(5000); err != nil {
		t.Fatal(err)
	}
	m, err := unix.Mmap(int(f.Fd()), 0, 4*4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(m)
	at := uint64(uintptr(unsafe.Pointer(&m[0])))
	for _, c := range []struct{ off, n, want uint64 }{{0, 8192, 8192}, {10, 8192, 8182}, {10, 4 * 4096, 8182}, {8192, 1, 0}, {12000, 400, 0}} {
		if got := s.Writable(at+c.off, c.n); got != c.want {
			t.Errorf("%d bytes at %d of a file: %d, not %d", c.n, c.off, got, c.want)
		}
	}
}

// TestRenew has one goroutine read and another renew: each read is of one memory or of the other.
func TestRenew(t *testing.T) {
	s, addr, b := own(t, 4096)
	copy(b, "what there is")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			s.Renew()
		}
	}()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		got := make([]byte, 13)
		if err := s.Read(addr, got); err != nil || string(got) != "what there is" {
			t.Fatal(string(got), err)
		}
		_ = s.Writable(addr, 1)
		if s.Pagemap() == nil {
			t.Fatal("no page map")
		}
	}
}
