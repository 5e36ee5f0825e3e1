package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// stream is a connection of which one direction is a buffer.
type stream struct{ bytes.Buffer }

func (*stream) Close() error { return nil }

func TestFramesOfAllSizesSurvive(t *testing.T) {
	a, b := net.Pipe()
	x, y := NewFramed(a), NewFramed(b)
	sizes := []int{0, 1, 100, coalesce - headerSize, coalesce, coalesce + 1, 1 << 20, 5<<20 + 3, 10}
	random := rand.New(rand.NewPCG(1, 2))
	var want [][]byte
	for _, n := range sizes {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(random.Uint32())
		}
		want = append(want, p)
	}
	sent := make(chan error, len(want))
	go func() {
		for i, p := range want {
			cut := len(p) / 3
			sent <- x.Send(uint8(i), uint64(i)<<32, p[:cut], nil, p[cut:])
		}
		x.Close()
	}()
	for i, p := range want {
		f, err := y.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind != uint8(i) || f.ID != uint64(i)<<32 || !bytes.Equal(f.Data, p) {
			t.Fatalf("frame %d of %d bytes arrived as kind %d id %d, %d bytes", i, len(p), f.Kind, f.ID, len(f.Data))
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
	if _, err := y.Recv(); err != io.EOF {
		t.Errorf("after close: %v", err)
	}
	if cap(y.small) > worthGiving || y.large != nil {
		t.Errorf("keeps %d and %d bytes after a small frame", cap(y.small), cap(y.large))
	}
}

func TestManySendersDoNotMix(t *testing.T) {
	a, b := net.Pipe()
	x, y := NewFramed(a), NewFramed(b)
	var group sync.WaitGroup
	for kind := range 4 {
		group.Go(func() {
			for i := range 50 {
				x.Send(uint8(kind), uint64(i), bytes.Repeat([]byte{byte(kind)}, 70<<10))
			}
		})
	}
	next := map[uint8]uint64{}
	for range 200 {
		f, err := y.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if f.ID != next[f.Kind] || bytes.Count(f.Data, []byte{f.Kind}) != 70<<10 {
			t.Fatalf("kind %d: frame %d is mixed or out of order", f.Kind, f.ID)
		}
		next[f.Kind]++
	}
	group.Wait()
}

func TestFrameBounds(t *testing.T) {
	x := NewFramed(&stream{})
	half := make([]byte, MaxFrame/2+1)
	if err := x.Send(1, 1, half, half); !errors.Is(err, ErrFrameTooBig) {
		t.Errorf("send: %v", err)
	}
	var s stream
	s.Write(binary.BigEndian.AppendUint32(nil, MaxFrame+1))
	s.Write(make([]byte, 100))
	if _, err := NewFramed(&s).Recv(); !errors.Is(err, ErrFrameTooBig) {
		t.Errorf("receive: %v", err)
	}
	var cut stream
	cut.Write(binary.BigEndian.AppendUint32(nil, MaxFrame))
	cut.Write(make([]byte, 100))
	y := NewFramed(&cut)
	if _, err := y.Recv(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut frame: %v", err)
	}
	if cap(y.large) > 2<<20 {
		t.Errorf("%d bytes were allocated on a promise", cap(y.large))
	}
}

func TestABrokenConnectionStaysBroken(t *testing.T) {
	a, b := net.Pipe()
	b.Close()
	x := NewFramed(a)
	if x.Send(1, 1, []byte("x")) == nil || x.Send(1, 2) == nil {
		t.Error("sent over a closed connection")
	}
}

// TestPostNeverWaits: a peer that reads nothing does not keep the poster, and
// costs the connection in the end.
func TestPostNeverWaits(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	x := NewFramed(a)
	x.pace.tick = time.Hour // who waits for the peer waits for that
	data := make([]byte, 64<<10)
	posted := make(chan error, 1)
	go func() {
		var err error
		for i := 0; err == nil && i < 2*postQueue/len(data); i++ {
			err = x.Post(1, 1, data)
		}
		posted <- err
	}()
	select {
	case err := <-posted:
		if !errors.Is(err, ErrBacklog) {
			t.Errorf("posted everything to nobody: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the poster waits")
	}
	if _, err := x.Recv(); err == nil {
		t.Error("the connection is still open")
	}
}

func TestSendGivesUpOnAPeerThatDoesNotRead(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	x := NewFramed(a)
	x.pace.tick = 3 * time.Millisecond
	failed := make(chan error, 2)
	for range 2 {
		go func() { failed <- x.Send(1, 1, make([]byte, sendQueue)) }()
	}
	for range 2 {
		select {
		case <-failed:
		case <-time.After(time.Minute):
			t.Fatal("a sender waits for ever")
		}
	}
	if x.Send(1, 1) == nil {
		t.Error("the connection counts as whole")
	}
}

// TestOrderIsThatOfTheCalls mixes both ways of sending.
func TestOrderIsThatOfTheCalls(t *testing.T) {
	a, b := net.Pipe()
	x, y := NewFramed(a), NewFramed(b)
	const n = 2000
	go func() {
		for i := range uint64(n) {
			if i%3 == 0 {
				x.Post(1, i, make([]byte, i))
			} else {
				x.Send(1, i, make([]byte, i))
			}
		}
		x.Close()
	}()
	for i := range uint64(n) {
		f, err := y.Recv()
		if err != nil || f.ID != i || len(f.Data) != int(i) {
			t.Fatalf("frame %d: %d with %d bytes, %v", i, f.ID, len(f.Data), err)
		}
	}
}

func FuzzRecv(f *testing.F) {
	var good stream
	w := NewFramed(&good)
	w.Send(1, 2, []byte("hello"))
	w.Send(3, 4)
	f.Add(good.Bytes())
	f.Add([]byte{0, 0, 0, 200, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var in, out stream
		in.Write(b)
		r, w := NewFramed(&in), NewFramed(&out)
		for {
			frame, err := r.Recv()
			if err != nil {
				break
			}
			w.Send(frame.Kind, frame.ID, frame.Data)
		}
		if !bytes.HasPrefix(b, out.Bytes()) {
			t.Fatalf("%x was read as %x", b, out.Bytes())
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	for _, size := range []int{64, 4 << 10, 1 << 20} {
		b.Run(byteSize(size), func(b *testing.B) {
			var s stream
			f := NewFramed(&s)
			data := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				f.Send(1, 1, data)
				if _, err := f.Recv(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func byteSize(n int) string {
	switch {
	case n >= 1<<20:
		return "1MiB"
	case n >= 1<<10:
		return "4KiB"
	}
	return "64B"
}

// counted is a stream that counts how often it is written to.
type counted struct {
	stream
	n int
}

func (w *counted) Write(b []byte) (int, error) {
	w.n++
	return w.stream.Write(b)
}

// What goes along is in front of the next frame, and in the same write.
func TestAlong(t *testing.T) {
	for name, next := range map[string]func(*Framed) error{
		"send": func(f *Framed) error { return f.Send(2, 7, []byte("second")) },
		"post": func(f *Framed) error {
			err := f.Post(2, 7, []byte("second"))
			f.Flush()
			return err
		},
		"push": func(f *Framed) error {
			err := f.Along(2, 7, []byte("second"))
			f.Push()
			return err
		},
	} {
		w := &counted{}
		f := NewFramed(w)
		if err := f.Along(1, 7, []byte("fir"), []byte("st")); err != nil || w.n != 0 {
			t.Errorf("%s: %v, %d writes", name, err, w.n)
		}
		if err := next(f); err != nil || w.n != 1 {
			t.Errorf("%s: %v, %d writes", name, err, w.n)
		}
		for kind, want := range []string{1: "first", 2: "second"} {
			if want == "" {
				continue
			}
			if got, err := f.Recv(); err != nil || got.Kind != uint8(kind) || string(got.Data) != want {
				t.Errorf("%s: %v %v, want %s", name, got, err, want)
			}
		}
	}
}
