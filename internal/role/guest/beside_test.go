package guest

import (
	"errors"
	"net"
	"strings"
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/role/transport"
)

// besideOf is an arrival's inbox with a further connection, and home's end of that.
func besideOf(t *testing.T) (*inbox, *transport.Framed, <-chan error) {
	t.Helper()
	ours, theirs := net.Pipe()
	conn, home := transport.NewFramed(ours), transport.NewFramed(theirs)
	t.Cleanup(func() { _ = conn.Close(); _ = home.Close() })
	in, ended := newInbox(), make(chan error, 1)
	go func() { ended <- in.comeBeside(conn); _ = conn.Close() }()
	return in, home, ended
}

var onePage = make([]byte, 8+image.PageSize)

// What comes beside waits until there is a place for it, and is stored when that is answered for.
func TestPagesComeBeside(t *testing.T) {
	in, home, ended := besideOf(t)
	if err := home.Send(wire.Pages, 7, onePage); err != nil {
		t.Fatal(err)
	}
	stored := 0
	in.opens(func(data []byte) error { stored += len(data); return nil })
	if err := home.Send(wire.Settle, 7); err != nil {
		t.Fatal(err)
	}
	if f, err := home.Recv(); err != nil || f.Kind != wire.Settled || stored != len(onePage) {
		t.Errorf("frame %d after %d bytes: %v", f.Kind, stored, err)
	}
	_ = home.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Nothing is stored beside when the process stands still, its arrival is over, or what comes is
// something else.
func TestWhatDoesNotComeBeside(t *testing.T) {
	mayNot := func(t *testing.T, in *inbox, home *transport.Framed, ended <-chan error, kind uint8, want string) {
		t.Helper()
		_ = home.Send(kind, 7, onePage)
		if err := <-ended; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	stores := func([]byte) error { return errors.New("it is stored") }
	t.Run("stands still", func(t *testing.T) {
		in, home, ended := besideOf(t)
		in.opens(stores)
		in.shuts()
		mayNot(t, in, home, ended, wire.Pages, errLatePages.Error())
	})
	t.Run("over", func(t *testing.T) {
		in, home, ended := besideOf(t)
		in.close()
		mayNot(t, in, home, ended, wire.Pages, errGivenUp.Error())
	})
	t.Run("a thaw", func(t *testing.T) {
		in, home, ended := besideOf(t)
		in.opens(stores)
		mayNot(t, in, home, ended, wire.Thaw, "among pages")
	})
}
