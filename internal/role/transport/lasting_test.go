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

// pairs makes connections of two ends over TCP, each of which can be broken.
type pairs struct {
	t        *testing.T
	listener net.Listener
	mu       sync.Mutex
	last     [2]*net.TCPConn
	made     int
	// to hold how much each side has got, and the ends of a new connection
	ends [2]chan offer
	over chan struct{} // the test is: nobody waits for the other side any more
}

type offer struct {
	conn *Framed
	got  uint64
}

func newPairs(t *testing.T) *pairs {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	t.Cleanup(func() {
		close(over)
		l.Close()
	})
	return &pairs{t: t, listener: l, ends: [2]chan offer{make(chan offer, 1), make(chan offer, 1)}, over: over}
}

// errOver is why there is no other connection: the test may be over while a connection is being mended.
var errOver = errors.New("the test is over")

func (p *pairs) make() (a, b *Framed, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	dialed, err := net.Dial("tcp", p.listener.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	accepted, err := p.listener.Accept()
	if err != nil {
		dialed.Close()
		return nil, nil, err
	}
	p.last = [2]*net.TCPConn{dialed.(*net.TCPConn), accepted.(*net.TCPConn)}
	p.made++
	return NewFramed(dialed), NewFramed(accepted), nil
}

// first is make for the test itself.
func (p *pairs) first() (a, b *Framed) {
	p.t.Helper()
	a, b, err := p.make()
	if err != nil {
		p.t.Fatal(err)
	}
	return a, b
}

// cut ends the connection as a box between does: with resets, and what was on its way is lost.
func (p *pairs) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.last {
		c.SetLinger(0)
		c.Close()
	}
}

// dials is the side that makes a new connection, waits the one that is offered it.
func (p *pairs) dials(other *Framed) Again {
	return func(_ error, got uint64) (*Framed, uint64, error) {
		a, b, err := p.make()
		if err != nil {
			return nil, 0, err
		}
		other.Sever()
		p.ends[1] <- offer{b, got}
		select {
		case theirs := <-p.ends[0]:
			return a, theirs.got, nil
		case <-p.over:
			return nil, 0, errOver
		}
	}
}

func (p *pairs) waits(_ error, got uint64) (*Framed, uint64, error) {
	select {
	case o := <-p.ends[1]:
		p.ends[0] <- offer{nil, got}
		return o.conn, o.got, nil
	case <-p.over:
		return nil, 0, errOver
	}
}

func (p *pairs) lasting() (a, b *Framed) {
	a, b = p.first()
	a.Last(p.dials(b))
	b.Last(p.waits)
	return a, b
}

// TestLasting: frames of all sizes, sent in all ways in both directions while the connection is cut again and again,
// come once each and in order.
func TestLasting(t *testing.T) {
	p := newPairs(t)
	a, b := p.lasting()
	const frames = 6000
	content := func(i, n int) []byte {
		return bytes.Repeat(binary.BigEndian.AppendUint32(nil, uint32(i)), n/4+1)[:n]
	}
	size := func(i int) int {
		switch r := rand.New(rand.NewPCG(uint64(i), 7)); i % 40 {
		case 0:
			return coalesce + r.IntN(1<<20)
		case 1, 2, 3:
			return r.IntN(coalesce)
		default:
			return r.IntN(200)
		}
	}
	send := func(f *Framed) {
		for i := range frames {
			data := content(i, size(i))
			var err error
			switch i % 5 {
			case 0:
				err = f.Post(1, uint64(i), data)
				if i%100 == 0 {
					f.Flush()
				}
			case 1:
				err = f.Along(1, uint64(i), data)
			default:
				err = f.Send(1, uint64(i), data[:len(data)/3], data[len(data)/3:])
			}
			if err != nil {
				t.Errorf("frame %d: %v", i, err)
				return
			}
		}
		f.Push()
	}
	var receivers, senders sync.WaitGroup
	receive := func(f *Framed) {
		for i := range frames {
			got, err := f.Recv()
			if err != nil {
				t.Errorf("frame %d: %v", i, err)
				return
			}
			if got.Kind != 1 || got.ID != uint64(i) || !bytes.Equal(got.Data, content(i, size(i))) {
				t.Errorf("frame %d came as %d of kind %d, %d bytes", i, got.ID, got.Kind, len(got.Data))
				return
			}
		}
	}
	for _, f := range []*Framed{a, b} {
		senders.Go(func() { send(f) })
		receivers.Go(func() {
			receive(f)
			go f.Recv() // the other side may need it for a new connection
		})
	}
	defer func() { // what they say is said while the test is there
		senders.Wait()
		receivers.Wait()
	}()
	defer b.Close()
	defer a.Close()
	done := make(chan struct{})
	go func() {
		receivers.Wait()
		senders.Wait()
		close(done)
	}()
	const cuts = 40 // with more than can be mended it would never end
	for limit, n := time.After(time.Minute), 0; ; {
		pause := time.Duration(3+rand.IntN(30)) * time.Millisecond
		if n++; n > cuts {
			pause = time.Hour
		}
		select {
		case <-done:
		case <-limit:
			t.Error("it has come to a standstill")
		case <-time.After(pause):
			p.cut()
			continue
		}
		break
	}
	if p.made < 3 {
		t.Errorf("%d connections: it has not been cut", p.made)
	}
	t.Log(p.made, "connections")
}

// TestKeptIsLetGo: what is acknowledged is not kept, whether questions and answers take turns, or
// much goes one way.
func TestKeptIsLetGo(t *testing.T) {
	p := newPairs(t)
	a, b := p.lasting()
	go func() {
		for {
			f, err := b.Recv()
			if err != nil {
				return
			}
			if f.Kind == 2 {
				b.Send(2, f.ID, f.Data)
			}
		}
	}()
	kept := func() int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.last.kept.n
	}
	for i := range uint64(200) {
		a.Send(2, i, make([]byte, 100))
		if _, err := a.Recv(); err != nil {
			t.Fatal(err)
		}
		if n := kept(); n != 0 {
			t.Fatalf("%d bytes are kept of a question that has been answered", n)
		}
	}
	go func() {
		for {
			if _, err := a.Recv(); err != nil {
				return
			}
		}
	}()
	most := 0
	for range 400 {
		a.Send(1, 0, make([]byte, 256<<10))
		most = max(most, kept())
	}
	if most > 24<<20 {
		t.Errorf("%d bytes were kept of 100 MB that went one way", most)
	}
	a.Close()
	b.Close()
}

// TestLastingEnds: when there is no other connection, and when the other side lies.
func TestLastingEnds(t *testing.T) {
	no := errors.New("there is none")
	for name, c := range map[string]struct {
		again Again
		want  error
	}{
		"none":     {func(error, uint64) (*Framed, uint64, error) { return nil, 0, no }, no},
		"too much": {func(error, uint64) (*Framed, uint64, error) { return NewFramed(&stream{}), 1 << 40, nil }, errClaims},
	} {
		t.Run(name, func(t *testing.T) {
			x, y := net.Pipe()
			f := NewFramed(x)
			f.Last(c.again)
			y.Close()
			if _, err := f.Recv(); !errors.Is(err, c.want) {
				t.Errorf("%v, not %v", err, c.want)
			}
			if err := f.Send(1, 1); err == nil {
				t.Error("it can still be sent by")
			}
		})
	}
	t.Run("acknowledged", func(t *testing.T) {
		var s stream
		NewFramed(&s).Send(1, 1|5<<32)
		f := NewFramed(&s)
		f.Last(nil)
		if _, err := f.Recv(); !errors.Is(err, errClaims) {
			t.Errorf("%v", err)
		}
	})
	t.Run("closed here", func(t *testing.T) { // and at once by the other side, which has been told
		for range 200 {
			p := newPairs(t)
			a, b := p.first()
			for _, f := range []*Framed{a, b} {
				f.Last(func(error, uint64) (*Framed, uint64, error) {
					t.Error("a connection that is closed is to go on")
					return nil, 0, no
				})
			}
			var ended sync.WaitGroup
			for _, f := range []*Framed{a, b} {
				ended.Go(func() {
					_, _ = f.Recv() // until it ends
					f.Bye()
				})
			}
			a.Bye()
			ended.Wait()
		}
	})
	t.Run("closed", func(t *testing.T) {
		x, y := net.Pipe()
		f := NewFramed(x)
		asked := make(chan struct{})
		f.Last(func(error, uint64) (*Framed, uint64, error) {
			close(asked)
			time.Sleep(20 * time.Millisecond)
			return NewFramed(&stream{}), 0, nil
		})
		go func() {
			y.Close()
			<-asked
			f.mu.Lock()
			f.fail(net.ErrClosed)
			f.mu.Unlock()
		}()
		if _, err := f.Recv(); err == nil || err == io.EOF {
			t.Errorf("%v of a connection that was closed meanwhile", err)
		}
	})
}

// FuzzLastingRecv: whatever comes, nothing is believed that cannot be.
func FuzzLastingRecv(f *testing.F) {
	var good stream
	NewFramed(&good).Send(kindGot, 13<<32)
	f.Add(good.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		var in stream
		in.Write(b)
		r := NewFramed(&in)
		r.Last(func(why error, got uint64) (*Framed, uint64, error) { return nil, 0, why })
		for {
			if _, err := r.Recv(); err != nil {
				break
			}
		}
		if l := r.last; l.acked > l.sent || l.from > l.sent || l.from+uint64(l.kept.n) != l.sent {
			t.Fatalf("acknowledged %d, kept %d from %d on, sent %d", l.acked, l.kept.n, l.from, l.sent)
		}
	})
}
