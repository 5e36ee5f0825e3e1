package deputy

import (
	"net"
	"testing"

	"openmosix/internal/model/wire"
	"openmosix/internal/process/naming"
	"openmosix/internal/role/transport"
)

// A child runs as soon as its maker has the reply, and calls something forth: that is ahead
// of the reply to the call, and behind what has waited for the child.
func TestWordsToANewbornKeepTheirPlace(t *testing.T) {
	s := new(Supervisor)
	s.naming = naming.New("/proc", s.anyAway, nil)
	const maker, own, signals = 7, 8, 3
	for range 500 {
		a, b := net.Pipe()
		l := &link{s: s, conn: transport.NewFramed(a)}
		p := &proc{s: s, unborn: true}
		one := func(n byte) {
			if err := p.tellGuest(l, wire.Signal, own, []byte{n}); err != nil {
				t.Error(err)
			}
		}
		one(0)
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.announce(l, maker, []byte("its id"))
		}()
		there := transport.NewFramed(b)
		next := byte(0)
		for replied := false; !replied; {
			f, err := there.Recv()
			switch {
			case err != nil:
				t.Fatal(err)
			case f.Kind == wire.Reply && f.ID == maker:
				go func() { // the child's deputy
					for n := range byte(signals) {
						one(n + 1)
					}
					_ = l.send(wire.Reply, own)
				}()
			case f.Kind == wire.Signal && f.Data[0] == next:
				next++
			case f.Kind == wire.Signal:
				t.Fatalf("signal %d instead of %d", f.Data[0], next)
			default:
				replied = true
			}
		}
		if next != signals+1 {
			t.Fatalf("%d of %d signals are ahead of the reply", next, signals+1)
		}
		<-done
		_, _ = a.Close(), b.Close()
	}
}
