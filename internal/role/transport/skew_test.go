package transport

import (
	"context"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/trust"
)

// Clocks that agree to an hour understand each other; beyond that the side
// whose clock is behind refuses, and says that it may be the clocks.
func TestClocksThatDiffer(t *testing.T) {
	a := cluster(t)
	for _, c := range []struct {
		skew time.Duration // of the server's clock, as the dialer sees it
		want string        // the side that refuses
	}{
		{0, ""}, {10 * time.Minute, ""}, {-10 * time.Minute, ""}, {50 * time.Minute, ""}, {-50 * time.Minute, ""},
		{2 * time.Hour, "dialer"}, {-2 * time.Hour, "server"}, {48 * time.Hour, "dialer"}, {-48 * time.Hour, "both"},
	} {
		t.Run(c.skew.String(), func(t *testing.T) {
			l := listen(t)
			there := func() time.Time { return time.Now().Add(c.skew) }
			server := identity(t, a, 2, trust.Daemon, there())
			served := make(chan error, 1)
			go func() {
				raw, err := l.Accept()
				if err == nil {
					_, err = ReadPreface(raw, time.Now().Add(HandshakeTimeout))
				}
				if err == nil {
					_, err = serve(raw, server, trust.Daemon, there)
					raw.Close()
				}
				served <- err
			}()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			conn, dialed := dial(ctx, Way{Address: l.Addr().String()}, Preface{Kind: ToDaemon}, identity(t, a, 1, trust.Daemon, time.Now()), trust.Daemon, time.Now)
			if dialed == nil {
				conn.Close()
			}
			answered := <-served
			switch c.want {
			case "":
				if dialed != nil || answered != nil {
					t.Errorf("refused: %v; %v", dialed, answered)
				}
			case "dialer", "both": // who dials looks first
				namesTheClocks(t, dialed)
			case "server":
				namesTheClocks(t, answered)
				if dialed == nil {
					t.Error("the dialer does not notice")
				}
			}
		})
	}
}

func namesTheClocks(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "compare the clocks") {
		t.Errorf("%v", err)
	}
}
