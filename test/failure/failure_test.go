package failure

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/test/labtest"
)

const (
	// The limits of time are for a machine that has much else to do.
	scenarioLimit = 3 * time.Minute
	pause         = 20 * time.Millisecond
	stopTries     = 3000
	// cleanTries bounds how long what a death leaves may take to go.
	cleanTries = 600 // one that waits notices a cut connection within half a minute
)

// rig is a lab whose supervisors stop where a file says.
type rig struct {
	lab      *labtest.Lab
	dir      string
	faults   string
	started  []*exec.Cmd // daemons in place of killed ones
	mounts   map[int]string
	programs int // that were started
}

func newRig(t *testing.T) *rig {
	r := &rig{dir: labtest.Scratch(t), mounts: make(map[int]string)}
	r.faults = filepath.Join(r.dir, "fault")
	t.Setenv("OPENMOSIX_FAULT", r.faults)
	r.lab = labtest.Up(t, 3)
	r.lab.Limit(scenarioLimit)
	t.Cleanup(func() {
		for _, d := range r.started {
			_ = d.Process.Kill()
			_ = d.Wait()
		}
	})
	for node := 1; node <= r.lab.Nodes(); node++ {
		r.mounts[node] = r.shell(t, node, countMounts)
	}
	return r
}

const countMounts = "wc -l </proc/self/mountinfo"

func (r *rig) shell(t *testing.T, node int, line string) string {
	t.Helper()
	text, err := r.lab.Shell(context.Background(), node, line)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// number is what a line of shell prints, 0 if that is nothing.
func (r *rig) number(t *testing.T, node int, line string) int {
	t.Helper()
	n, _ := strconv.Atoi(r.shell(t, node, line))
	return n
}

func TestDeaths(t *testing.T) {
	r := newRig(t)
	for _, group := range scenarios {
		for _, s := range group.all {
			if testing.Short() && !s.quick {
				continue
			}
			name := strings.ReplaceAll(fmt.Sprintf("%s of %d/%s", s.at, len(group.way), s.kill), " ", "_")
			if !t.Run(name, func(t *testing.T) { r.play(t, group.way, group.flags, s) }) && t.Failed() {
				r.clean(t) // what a failure leaves is not the next one's
			}
		}
	}
}

// play leads a program to the point, kills, and looks at what has become of it.
func (r *rig) play(t *testing.T, way []int, flags []string, s scenario) {
	r.playBy(t, way, flags, s, r.start)
}

// playBy is play with another program.
func (r *rig) playBy(t *testing.T, way []int, flags []string, s scenario, start func(*testing.T, context.Context) *running) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), scenarioLimit)
	defer cancel()
	before := r.told(t)
	p := start(t, ctx)
	defer p.end()
	last := len(way) - 1
	// A supervisor knows from its start where to stop: the home supervisor and
	// the first guest supervisor start with the first move.
	r.fault(t, s.at)
	defer r.fault(t, "")
	for _, to := range way[:last] {
		if status, text := r.lab.Migrate(ctx, 1, p.pid, to, flags...); status != labtest.Moved {
			t.Fatalf("migrate %s: %v: %s", labtest.Destination(to), status, text)
		}
		r.fault(t, "")
	}
	type answer struct {
		status labtest.Status
		text   string
	}
	moved := make(chan answer, 1)
	go func() {
		status, text := r.lab.Migrate(ctx, 1, p.pid, way[last], flags...)
		moved <- answer{status, text}
	}()
	node := 1
	if strings.HasPrefix(string(s.at), "guest.") {
		node = way[0] // also of a return and an onward move: who departs is asked
	}
	stopped := r.awaitStopped(t, node)
	r.kill(t, ctx, way, s.kill, p.pid)
	r.shell(t, node, fmt.Sprintf("kill -CONT %d 2>/dev/null || true", stopped))
	a := <-moved
	t.Logf("migrate: %v: %s", a.status, a.text)
	if a.status == labtest.NoAnswer {
		t.Errorf("migrate: %s", a.text)
	}
	r.revive(t, ctx, way, s.kill)
	p.judge(t, s.lives, grace)
	r.nothingLeft(t)
	if strings.HasSuffix(string(s.kill), "supervisor") && r.told(t) == before {
		t.Errorf("no log says that a supervisor was killed")
	}
}

// told counts how often the logs of all nodes tell of a killed supervisor.
func (r *rig) told(t *testing.T) int {
	t.Helper()
	n := 0
	for node := 1; node <= r.lab.Nodes(); node++ {
		text, err := r.lab.Log(node)
		if err != nil {
			t.Fatal(err)
		}
		n += strings.Count(text, `status="signal: killed"`)
	}
	return n
}

func (r *rig) fault(t *testing.T, at fault.Point) {
	t.Helper()
	if err := os.WriteFile(r.faults, []byte(at), 0o644); err != nil {
		t.Fatal(err)
	}
}

// awaitStopped finds the supervisor of a node that has stopped itself, and is none of
// those that had before.
func (r *rig) awaitStopped(t *testing.T, node int, before ...int) int {
	t.Helper()
	for range stopTries {
		text := r.shell(t, node, "ps -e -o pid=,stat=,args= | awk '$2 ~ /^T/ && / supervise-/ {print $1}'")
		for word := range strings.FieldsSeq(text) {
			if pid, err := strconv.Atoi(word); err == nil && !slices.Contains(before, pid) {
				return pid
			}
		}
		time.Sleep(pause)
	}
	t.Fatalf("no supervisor of node %d has reached the point", node)
	return 0
}

// seat is where a victim is: its node, and a line of shell that prints its pid.
func seat(way []int, v victim, pid int) (node int, line string) {
	lender := way[len(way)-1]
	if lender == labtest.Home {
		lender = way[0]
	}
	const first = " | head -1"
	switch v {
	case homeSupervisor:
		return 1, "pgrep -f ' supervise-[h]ome'" + first
	case guestSupervisor:
		return lender, "pgrep -f ' supervise-[g]uest'" + first
	case oldGuest:
		return way[0], "pgrep -f ' supervise-[g]uest'" + first
	case homeDaemon:
		return 1, "pgrep -f '[ /]node --config'" + first
	case lenderDaemon:
		return lender, "pgrep -f '[ /]node --config'" + first
	case oldDaemon:
		return way[0], "pgrep -f '[ /]node --config'" + first
	}
	return 1, fmt.Sprintf("echo %d", pid)
}

func (r *rig) kill(t *testing.T, ctx context.Context, way []int, v victim, pid int) {
	t.Helper()
	node, line := seat(way, v, pid)
	target := r.number(t, node, line)
	if target == 0 {
		t.Fatalf("there is no %s on node %d", v, node)
	}
	r.shell(t, node, fmt.Sprintf("kill -9 %d", target))
}

// revive gives the node of a killed daemon another one.
func (r *rig) revive(t *testing.T, ctx context.Context, way []int, v victim) {
	t.Helper()
	if v != homeDaemon && v != lenderDaemon && v != oldDaemon {
		return
	}
	node, _ := seat(way, v, 0)
	d, err := r.lab.StartDaemon(context.WithoutCancel(ctx), node)
	if err != nil {
		t.Fatal(err)
	}
	r.started = append(r.started, d)
}
