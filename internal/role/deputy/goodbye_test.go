package deputy

import (
	"net"
	"testing"
	"time"

	"openmosix/internal/model/wire"
	"openmosix/internal/process/naming"
	"openmosix/internal/role/transport"
)

// A supervisor that ends waits for the last words of a link that a failed move has just closed: without them the guest's
// side takes it for broken, and waits for another one.
func TestTheLastWordsOfAClosedLink(t *testing.T) {
	here, there := net.Pipe()
	s := &Supervisor{naming: &naming.Naming{}, links: map[*link]struct{}{}}
	l := &link{s: s, conn: transport.NewFramed(here), gone: make(chan struct{})}
	s.links[l] = struct{}{}
	if err := l.post(wire.Abort, 7); err != nil {
		t.Fatal(err)
	}
	l.close()
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.goodbye()
	}()
	select {
	case <-over:
		t.Fatal("it ends, and nobody has heard them")
	case <-time.After(50 * time.Millisecond):
	}
	if f, err := transport.NewFramed(there).Recv(); err != nil || f.Kind != wire.Abort || f.ID != 7 {
		t.Errorf("%+v, %v", f, err)
	}
	<-over
}
