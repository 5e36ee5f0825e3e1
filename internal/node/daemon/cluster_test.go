package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/role/transport"

	"golang.org/x/sys/unix"
)

// A node of the cluster that hangs up before it has shown who it is, as it has waited for too long, is not told of
// as a stranger; who shows something else, or has another address, is.
func TestWhoHangsUpIsNoStranger(t *testing.T) {
	one, two := twoNodes(t, nil)
	reset := fmt.Errorf("handshake: %w", &net.OpError{Op: "read", Err: unix.ECONNRESET})
	node, other := netip.MustParseAddrPort(two.config.Listen).Addr(), netip.MustParseAddr("127.0.0.9")
	one.refused(node, fmt.Errorf("read preface: %w", io.EOF))
	one.refused(node, reset)
	one.refused(node, errNoSession)
	one.refused(other, reset)
	one.refused(node, errors.New("another key"))
	want := []string{"127.0.0.9 " + reset.Error(), node.String() + " another key"}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got []string
	for all := one.feed.After(0); len(got) < len(want); {
		e, _, err := all.Next(ctx)
		if err != nil {
			break
		}
		if s, is := e.event.What.(*event.Stranger); is {
			got = append(got, s.Address+" "+s.Reason)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if transport.HungUp(nil) {
		t.Error("nobody has")
	}
}
