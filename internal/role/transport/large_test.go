package transport

import (
	"bytes"
	"net"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
	"weak"
)

// A large frame that has to wait is not copied into the queue, and goes out after what
// was sent before; what is posted meanwhile waits for one of them only.
func TestLargeFramesWaitForTheirTurn(t *testing.T) {
	a, b := net.Pipe()
	x, y := NewFramed(a), NewFramed(b)
	defer x.Close()
	for i := range uint64(3) {
		if err := x.Post(1, i, []byte("small")); err != nil {
			t.Fatal(err)
		}
	}
	const large = 1 << 20
	failed := make(chan error, 2)
	for range 2 {
		go func() { failed <- x.Send(2, 0, make([]byte, large)) }()
	}
	waiting := func() (waiting, queued int) {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.waiting, len(x.queue)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		n, queued := waiting()
		if queued >= large {
			t.Fatalf("%d bytes are queued", queued)
		}
		if n > 0 { // the other waits too, or it writes
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d senders wait", n)
		}
	}
	var order []byte
	for range 6 {
		f, err := y.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind == 2 && len(f.Data) != large {
			t.Errorf("%d bytes", len(f.Data))
		}
		if order = append(order, f.Kind); len(order) == 4 { // while the second large one waits
			if err := x.Post(3, 9, []byte("late")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []byte{1, 1, 1, 2}; !bytes.Equal(order[:4], want) {
		t.Errorf("order %v", order)
	}
	for range 2 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	x.Flush()
	if n, queued := waiting(); n != 0 || queued != 0 || x.writing {
		t.Errorf("%d wait, %d bytes are queued, writing: %v", n, queued, x.writing)
	}
}

// The data of a large frame change hands; given back, the memory is used again.
func TestOwnAndSpare(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would take what is spare
	s := &stream{}
	x := NewFramed(s)
	send := func(b byte) {
		if err := x.Send(1, 1, bytes.Repeat([]byte{b}, worthGiving)); err != nil {
			t.Fatal(err)
		}
	}
	take := func() []byte {
		f, err := x.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return x.Own(f)
	}
	send(1)
	send(2)
	one := take()
	two := take()
	if one[0] != 1 || two[0] != 2 || len(one) != worthGiving {
		t.Fatalf("%d, %d", one[0], two[0])
	}
	x.Spare(one)
	send(3)
	if three := take(); &three[0] != &one[0] || three[0] != 3 || two[0] != 2 {
		t.Error("the memory is not used again, or that of somebody else is")
	}
}

// Who waits for a frame keeps no memory of large ones that came before, given back or
// not.
func TestWaitingTakesNoMemory(t *testing.T) {
	a, b := net.Pipe()
	x, y := NewFramed(a), NewFramed(b)
	go func() {
		for range 2 {
			_ = x.Send(1, 1, make([]byte, 1<<20))
		}
		_ = x.Send(2, 2, []byte("small"))
	}()
	first, second := receivedTwo(t, y)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = y.Recv()
		_, _ = y.Recv()
	}()
	for deadline := time.Now().Add(10 * time.Second); first.Value() != nil || second.Value() != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("kept while it waits: the one given back: %v, the last one: %v", first.Value() != nil, second.Value() != nil)
		}
		runtime.GC()
	}
	x.Close()
	<-ended
	runtime.KeepAlive(y)
}

// receivedTwo receives two large frames, owns the first one and gives it back.
func receivedTwo(t *testing.T, y *Framed) (first, second weak.Pointer[byte]) {
	t.Helper()
	f, err := y.Recv()
	if err != nil {
		t.Fatal(err)
	}
	own := y.Own(f)
	first = weak.Make(&own[0])
	if f, err = y.Recv(); err != nil {
		t.Fatal(err)
	}
	y.Spare(own)
	return first, weak.Make(&f.Data[0])
}
