package discovery

import (
	"bufio"
	"context"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// omdiscd changes how a running node finds others, and tells who comes and goes.
func TestOmdiscd(t *testing.T) {
	l, ctx := labtest.UpFinding(t, 2), t.Context()
	if got := shell(ctx, t, l, 1, "omdiscd"); !strings.Contains(got, "beacons on all interfaces") || !strings.Contains(got, "node 2 (node2)") {
		t.Errorf("%s", got)
	}
	if got := shell(ctx, t, l, 1, "omdiscd -i eth0 -m 3; omdiscd --json"); !strings.Contains(got, "beacons on eth0, UDP port 5429, ttl 3") || !strings.Contains(got, `"ttl": 3`) {
		t.Errorf("%s", got)
	}
	for line, want := range map[string]string{"omdiscd -i eth7": "there is none of this name", "omdiscd -m 300": "1…255",
		"setpriv --reuid=12345 --clear-groups omdiscd -m 2": "only root"} {
		if out, err := l.Shell(ctx, 1, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v", line, out, err)
		}
	}
	// What omdiscd has said holds until the configuration is read again.
	if got := shell(ctx, t, l, 1, "openmosix reload"); !strings.Contains(got, "discovery.ttl: changed") {
		t.Errorf("reload: %s", got)
	}

	following, end := context.WithTimeout(ctx, 2*patience)
	defer end()
	c := l.Command(following, 1, "/", "omdiscd", "-n")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			lines <- in.Text()
		}
	}()
	hear := func(want string) {
		t.Helper()
		for limit := time.After(patience); ; {
			select {
			case line, more := <-lines:
				if strings.Contains(line, want) {
					return
				}
				if !more {
					t.Fatalf("ended before it said %q", want)
				}
			case <-limit:
				t.Fatalf("did not say %q", want)
			}
		}
	}
	hear("node2) at 10.77.0.2:7779: up")
	stop(ctx, t, l, 2, "TERM")
	hear("node 2: has left")
	end()
	_ = c.Wait()
}
