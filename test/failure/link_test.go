package failure

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/test/labtest"
)

// A breach is what happens to all connections between home and node 2, which has
// pages that are to follow, or waits for them.
type breach struct {
	name  string
	in    string        // what node 2 does with what comes from home; words of nft
	out   string        // ... with what goes there
	lasts time.Duration // 0: until all have ended
	lives bool
	tries int           // for how many seconds home tries to connect again; 0: as usual
	ends  time.Duration // within which they have ended
	quick bool
}

// briefly is a silence that a connection survives: less than the half minute after
// which it counts as lost.
const briefly = 8 * time.Second

var breaches = []breach{
	{"stall", "drop", "drop", briefly, true, 0, grace, true},
	{"reset", resets, "accept", reconnected, true, 0, grace, true},
	{"resets", resets, "accept", 0, false, 2, grace, false},
	{"silence", "drop", "drop", 0, false, 2, noticed, false},
}

const (
	resets = "tcp flags & rst == 0 reject with tcp reset"
	// reconnected is how long connections that are reset cannot be made again either.
	reconnected = 3 * time.Second
)

// The points at which pages follow, on each way, all in the home supervisor; and what
// migrate says when they never come: out and onward it has ended by then.
var following = []struct {
	name string
	way  []int
	at   fault.Point
	says string
}{
	{"out", out, fault.HomeServes, "moved: "},
	{"onward", onward, fault.HomePasses, "moved: "},
	{"home", back, fault.HomeFetches, "the process was killed: the connection to the node that still had a part of its memory was lost"},
}

// follower is a program at such a point.
type follower struct {
	*running
	name, says string
	supervisor int
	moved      chan string
}

// TestLink cuts a node off while pages follow to it, from it to another one, and from
// it home. Silence that is short is survived, and so are resets, by other connections; else all die
// as if killed, and it is told why.
func TestLink(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("nft is not here")
	}
	for _, b := range breaches {
		t.Run(b.name, func(t *testing.T) {
			if testing.Short() && !b.quick {
				t.Skip("takes half a minute; make soak does it")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*scenarioLimit)
			defer cancel()
			r := newRig(t)
			r.lab.Limit(noticed) // migrate hears of a silence when it is known
			if b.tries > 0 {
				r.shell(t, 1, fmt.Sprintf("sed -i '1i reconnect_seconds = %d' /etc/openmosix/openmosix.toml && openmosix reload", b.tries))
			}
			r.breach(t, ctx, b)
		})
	}
}

func (r *rig) breach(t *testing.T, ctx context.Context, b breach) {
	var all []*follower
	for _, way := range following {
		f := r.leads(t, ctx, r.start(t, ctx), way.way, way.at, 1, all, later)
		defer f.end()
		f.name, f.says = way.name, way.says
		all = append(all, f)
	}
	r.shell(t, 2, fmt.Sprintf(cut, address(1), b.in, b.out))
	for _, f := range all {
		r.shell(t, 1, fmt.Sprintf("kill -CONT %d", f.supervisor))
	}
	mend := func() { r.shell(t, 2, "nft delete table inet cut") }
	if b.lasts > 0 {
		time.Sleep(b.lasts)
		mend()
	}
	for _, f := range all {
		if text, says := <-f.moved, f.says; !b.lives && !strings.HasSuffix(text, says) || b.lives && text != "moved: " {
			t.Errorf("%s: migrate says %q, not %q", f.name, text, says)
		}
		f.judge(t, b.lives, b.ends)
		if told := r.loss(t, f.pid); told == b.lives {
			t.Errorf("%s: its loss is told: %v", f.name, told)
		}
	}
	if b.lasts == 0 {
		mend()
	}
	r.nothingLeft(t)
}

// cut is a table of nft for what is said with one address.
const cut = `nft 'table inet cut { chain in { type filter hook input priority 0; ip saddr %[1]s meta l4proto tcp %[2]s; }; chain out { type filter hook output priority 0; ip daddr %[1]s meta l4proto tcp %[3]s; }; }'`

// address is a node's in the lab.
func address(node int) string { return fmt.Sprintf("10.77.0.%d", node) }

// leads has a program come to a point of the last move of a way, at which a supervisor of a
// node stops.
func (r *rig) leads(t *testing.T, ctx context.Context, p *running, way []int, at fault.Point, node int, others []*follower, flags ...string) *follower {
	t.Helper()
	f := &follower{running: p, moved: make(chan string, 1)}
	r.fault(t, at)
	last := len(way) - 1
	for _, to := range way[:last] {
		if status, text := r.lab.Migrate(ctx, 1, f.pid, to); status != labtest.Moved {
			t.Fatalf("migrate %s: %v: %s", labtest.Destination(to), status, text)
		}
		r.fault(t, "")
	}
	go func() {
		status, text := r.lab.Migrate(ctx, 1, f.pid, way[last], flags...)
		f.moved <- fmt.Sprintf("%v: %s", status, text)
	}()
	var before []int
	for _, o := range others {
		before = append(before, o.supervisor)
	}
	f.supervisor = r.awaitStopped(t, node, before...)
	r.fault(t, "")
	return f
}

// loss tells whether home has told that a process was lost with node 2, and why.
func (r *rig) loss(t *testing.T, pid int) bool {
	t.Helper()
	text, err := r.lab.Log(1)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, "event=lost ") && strings.Contains(line, fmt.Sprintf(" pid=%d from=2 reason=", pid)) {
			t.Log(strings.TrimSpace(line))
			return true
		}
	}
	return false
}
