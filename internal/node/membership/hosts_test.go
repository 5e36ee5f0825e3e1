package membership

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/node/config"
)

// A name server that answers late or not at all holds up nobody who asks whether
// a source may talk to this node; the log names the host, once.
func TestNamesThatAreNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config.Default()
		c.Number, c.Discovery.Interfaces = 1, []string{"none"}
		c.Discovery.Seeds, c.Peers = []string{"late.example:1", "192.0.2.7:1"}, []config.Peer{{Number: 2, Address: "never.example:1"}}
		var log bytes.Buffer
		var mu sync.Mutex
		answers := map[string][]netip.Addr{}
		table := New(c, Options{
			Log: slog.New(slog.NewTextHandler(&log, nil)),
			LookUp: func(ctx context.Context, host string) ([]netip.Addr, error) {
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case <-time.After(10 * time.Second):
				}
				mu.Lock()
				defer mu.Unlock()
				if found := answers[host]; found != nil {
					return found, nil
				}
				return nil, errors.New("the server misbehaves")
			},
		})
		answer := func(addresses ...netip.Addr) {
			mu.Lock()
			defer mu.Unlock()
			answers["late.example"] = addresses
		}
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { table.lookUp(ctx) })
		late := netip.MustParseAddr("192.0.2.8")
		begin := time.Now()
		expect := func(what string, want bool) {
			t.Helper()
			if got := table.Allowed(late); got != want {
				t.Errorf("%s: allowed %v", what, got)
			}
		}
		expect("at once", false)
		if !table.Allowed(netip.MustParseAddr("192.0.2.7")) {
			t.Error("an address needs no name server")
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("it took %v", took)
		}
		time.Sleep(time.Minute)
		expect("not found", false)
		answer(late)
		time.Sleep(time.Minute)
		expect("found", true)
		answer()
		time.Sleep(time.Minute)
		expect("not found any more", true)
		stop()
		group.Wait()
		for text, times := range map[string]int{"is not found; trying on\" host=late.example": 2, "is found now\" host=late.example": 1, "host=never.example": 1} {
			if got := strings.Count(log.String(), text); got != times {
				t.Errorf("%q is %d times in the log, want %d:\n%s", text, got, times, log.String())
			}
		}
	})
}
