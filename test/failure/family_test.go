package failure

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// shares is a parent and its child, which counts in memory that both have: what the parent sees never goes
// back, and it sees that the child goes on. If the child dies the parent says so, and uses the memory further.
const shares = `
import mmap, os, sys, time
m = mmap.mmap(-1, 8192)
def get(i): return int.from_bytes(m[8 * i:8 * i + 8], "little")
def put(i, v): m[8 * i:8 * i + 8] = v.to_bytes(8, "little")
child = os.fork()
if child == 0:
    n = 0
    while get(1) == 0:
        n += 1
        put(0, n)
    os._exit(0 if get(600) <= n else 1)
print("child", child, flush=True)
last, seen, ended, told = 0, 0, False, 0
while not os.path.exists(sys.argv[1]):
    now = get(0)
    assert now >= last, (now, last)
    seen, last = seen + (now > last), now
    put(600, last)
    assert get(600) == last
    if seen // 10 > told and not ended:
        told = seen // 10
        print("seen", told, flush=True)
    if not ended and os.waitpid(child, os.WNOHANG)[0]:
        ended = True
        print("alone", flush=True)
    time.sleep(0.002)
if not ended:
    put(1, 1)
    assert os.waitpid(child, 0)[1] == 0
print("counted", flush=True)
`

// TestFamily: of two processes that share memory the one that is away dies with its supervisor there, and the
// other one goes on with what it knows of the memory; both die with that of home, and nobody with a daemon.
func TestFamily(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := exec.LookPath(python); err != nil {
		t.Skip("python3 is not here")
	}
	for _, c := range []struct {
		victim      victim
		goes, lives bool // the parent is away, not the child; the parent lives
		alone       bool // ... alone
	}{
		{victim: guestSupervisor, lives: true, alone: true},
		{victim: guestSupervisor, goes: true},
		{victim: homeSupervisor},
		{victim: lenderDaemon, lives: true},
		{victim: homeDaemon, lives: true},
	} {
		t.Run(fmt.Sprintf("%s_%v", c.victim, c.goes), func(t *testing.T) {
			if testing.Short() && c.victim != guestSupervisor {
				t.Skip("make soak does it")
			}
			r := newRig(t)
			ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
			defer cancel()
			stop := filepath.Join(r.dir, "stop")
			p := r.launch(t, ctx, stop, python, "-c", shares, stop)
			defer p.end()
			p.says(t, "child ")
			_, rest, _ := strings.Cut(p.said.String(), "child ")
			line, _, _ := strings.Cut(rest, "\n")
			pid, err := strconv.Atoi(line)
			if err != nil {
				t.Fatal(err)
			}
			defer r.lab.Kill(1, pid)
			if c.goes {
				pid = p.pid
			}
			if status, text := r.lab.Migrate(ctx, 1, pid, 2); status != labtest.Moved {
				t.Fatalf("migrate: %v: %s", status, text)
			}
			seen := strings.Count(p.said.String(), "seen")
			p.says(t, fmt.Sprintf("seen %d\n", seen+3)) // it counts there, and that is seen
			r.kill(t, ctx, []int{2}, c.victim, p.pid)
			r.revive(t, ctx, []int{2}, c.victim)
			if c.alone {
				p.says(t, "alone")
			} else if c.lives {
				time.Sleep(10 * pause)
				p.says(t, fmt.Sprintf("seen %d\n", strings.Count(p.said.String(), "seen")+3))
			}
			p.judge(t, c.lives, grace)
			if c.goes { // the other one shares with nobody any more
				r.lab.Kill(1, atoi(line))
			}
			r.nothingLeft(t)
		})
	}
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
