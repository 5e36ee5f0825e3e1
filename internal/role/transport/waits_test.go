package transport

import (
	"bytes"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"openmosix/internal/linux/blocking"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
)

// waiting is a connection of which both readers wait in the kernel.
func waiting(t *testing.T) (x, y *Framed) {
	t.Helper()
	a, l := cluster(t), listen(t)
	served := acceptOne(l, identity(t, a, 2, trust.Guest), trust.Home)
	dialed, err := Dial(t.Context(), Way{Address: l.Addr().String()}, &supervisor.Session{1}, identity(t, a, 1, trust.Home), trust.Guest)
	if err != nil {
		t.Fatal(err)
	}
	s := <-served
	if s.err != nil {
		t.Fatal(s.err)
	}
	var ends []*Framed
	for _, c := range []*tls.Conn{dialed, s.conn} {
		if err := WaitInKernel(c); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.NetConn().(*gathered).Conn.(*blocking.Conn); !ok {
			t.Fatal("it waits in Go's poller")
		}
		f := NewFramed(c)
		t.Cleanup(func() { _ = f.Close() })
		ends = append(ends, f)
	}
	return ends[0], ends[1]
}

func TestWaitingInTheKernel(t *testing.T) {
	x, y := waiting(t)
	sizes := []int{0, 10, worthGiving - 1, worthGiving, 100 << 10, 512<<10 + 7, 3 << 20, 1}
	for round, pair := range [][2]*Framed{{x, y}, {y, x}} {
		sent := make(chan error, len(sizes))
		go func() {
			for i, n := range sizes {
				sent <- pair[0].Send(1, uint64(i), bytes.Repeat([]byte{byte(n + round)}, n))
			}
		}()
		for i, n := range sizes {
			f, err := pair[1].Recv()
			if err != nil || f.ID != uint64(i) || len(f.Data) != n || bytes.Count(f.Data, []byte{byte(n + round)}) != n {
				t.Fatalf("frame %d of %d bytes: %d, %d bytes, %v", i, n, f.ID, len(f.Data), err)
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
		}
	}
	ended := make(chan error)
	go func() { _, err := x.Recv(); ended <- err }()
	time.Sleep(20 * time.Millisecond)
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("a frame of a closed connection")
	}
	if _, err := y.Recv(); err == nil {
		t.Error("a frame of a connection that the other side has closed")
	}
}

// Who has the beginning of a large frame is woken up for most of the rest at once.
func TestALargeFrameIsWaitedForAsAWhole(t *testing.T) {
	for size, most := range map[int]int{300 << 10: 300<<10 - 16<<10, 4 << 20: mostWaiting} {
		near, far := net.Pipe()
		told := &asked{Conn: near}
		f := NewFramed(records{&gathered{Conn: near, inKernel: told}})
		go func() { _ = NewFramed(far).Send(1, 2, make([]byte, size)) }()
		if _, err := f.Recv(); err != nil {
			t.Fatal(err)
		}
		_ = far.Close()
		if first := told.bytes[0]; first > most || first < most-(16<<10) {
			t.Errorf("%d bytes of %d are waited for", first, size)
		}
		if last := told.bytes[len(told.bytes)-1]; last != 1 {
			t.Errorf("%d bytes are waited for after the frame", last)
		}
	}
}

type asked struct {
	net.Conn
	bytes []int
}

func (a *asked) Needs(bytes int) { a.bytes = append(a.bytes, bytes) }
