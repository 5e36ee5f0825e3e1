package transport

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"openmosix/internal/linux/blocking"
)

// pair is a connection of TCP.
func pair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// A peer whose kernel has room for what is sent, and that reads nothing of it, is given up when there is none
// any more; until then nobody knows.
func TestPaceOfTCP(t *testing.T) {
	for name, how := range map[string]func(c net.Conn) (io.ReadWriteCloser, error){
		"waited for by Go":         func(c net.Conn) (io.ReadWriteCloser, error) { return c, nil },
		"waited for in the kernel": func(c net.Conn) (io.ReadWriteCloser, error) { return blocking.From(c.(*net.TCPConn)) },
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := pair(t)
			c, err := how(a)
			if err != nil {
				t.Fatal(err)
			}
			paceOf(t, c)
		})
	}
}

func paceOf(t *testing.T, c io.ReadWriteCloser) {
	t.Helper()
	x := NewFramed(c)
	x.pace.tick = 3 * time.Millisecond
	if err := x.Send(1, 1, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		x.pace.mu.Lock()
		idle := x.pace.timer == nil
		x.pace.mu.Unlock()
		if idle {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is looked for ever, though all has been acknowledged")
		}
	}
	failed := make(chan error, 1)
	go func() { failed <- x.Send(1, 1, make([]byte, MaxFrame)) }()
	select {
	case err := <-failed:
		if !errors.Is(err, errTooSlow) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("a sender waits for ever")
	}
}

// What is sent now and then, and acknowledged, is no slow peer, though something is
// outstanding whenever it is looked; nor is one that takes four kilobytes per second.
func TestPaceGoesOn(t *testing.T) {
	const ahead = 4 << 20
	for name, c := range map[string]struct {
		step  uint64 // taken in each tick
		queue uint64 // outstanding
		ends  bool
	}{
		"a little now and then":       {100, 100, false},
		"nothing":                     {0, 100, true},
		"8 kB/s of much":              {16 << 10, ahead, false},
		"a kilobyte per second of it": {2 << 10, ahead, true},
	} {
		p := &Pace{}
		ok := true
		for n := uint64(1); ok && n < 1000; n++ {
			ok = p.goesOn(n*c.step, n*c.step+c.queue)
		}
		if ok == c.ends {
			t.Errorf("%s: it goes on: %v", name, ok)
		}
	}
	p := &Pace{}
	if n := 0; p.goesOn(0, 1) {
		for n++; p.goesOn(0, 1); n++ {
		}
		if silence := time.Duration(n) * paceTick; silence < 28*time.Second || silence > 32*time.Second {
			t.Errorf("silence is borne for %v", silence)
		}
	}
}
