package toandfro

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// fewest is how many moves a run must have seen to mean anything.
const fewest = 3

// mover moves the processes of one run to and fro, in an order that only the
// seed decides (as far as the processes are there at the same times).
type mover struct {
	lab    *labtest.Lab
	s      site
	random *rand.Rand
	at     map[int]int // pid: node it was sent to last
	tally  map[labtest.Status]int
	stays  map[string]int // what those that cannot move were told
	wrong  []string       // what should not have happened
}

func newMover(lab *labtest.Lab, s site) *mover {
	return &mover{
		lab: lab, s: s, random: rand.New(rand.NewPCG(*seed, 0)),
		at: make(map[int]int), tally: make(map[labtest.Status]int), stays: make(map[string]int),
	}
}

// run moves until the context ends.
func (m *mover) run(ctx context.Context) {
	// The session outlives the run it is about: a move under way is let to end.
	session, err := m.lab.Session(context.WithoutCancel(ctx), 1)
	if err != nil {
		m.wrong = append(m.wrong, err.Error())
		return
	}
	defer session.Close()
	tick := time.NewTicker(*interval)
	defer tick.Stop()
	for len(m.wrong) < 5 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.step(ctx, session)
		}
	}
}

// step moves one process to one of the nodes it is not on.
func (m *mover) step(ctx context.Context, session *labtest.Session) {
	pid, ok := m.choose(session)
	if !ok {
		return
	}
	places := slices.DeleteFunc([]int{labtest.Home, 2, 3}, func(n int) bool { return n == m.at[pid] })
	to := places[m.random.IntN(len(places))]
	status, text := session.Migrate(pid, to)
	m.tally[status]++
	switch status {
	case labtest.Moved, labtest.AlreadyThere:
		m.at[pid] = to
	case labtest.NoSuchProcess, labtest.EndedMeantime:
	case labtest.CannotMove:
		m.at[pid] = labtest.Home
		m.stays[firstLine(text)]++
	default:
		if !strings.Contains(text, "busy") && ctx.Err() == nil {
			m.wrong = append(m.wrong, fmt.Sprintf("migrate %d %s: %v: %s", pid, labtest.Destination(to), status, text))
		}
	}
}

// choose picks the process to be moved next.
func (m *mover) choose(session *labtest.Session) (int, bool) {
	roots := readPIDs(m.s.targets)
	if len(roots) == 0 {
		roots = readPIDs(m.s.pid)
	}
	if len(roots) == 0 {
		return 0, false
	}
	pids := roots
	if m.s.c.Tree {
		pids = nil
		for _, root := range roots {
			tree, err := session.Tree(root)
			if err != nil {
				m.wrong = append(m.wrong, err.Error())
				return 0, false
			}
			pids = append(pids, tree...)
		}
	}
	return pids[m.random.IntN(len(pids))], true
}

func readPIDs(path string) []int {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil // not written yet
	}
	var pids []int
	for _, word := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(word); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	// The pid would make every answer another one.
	_, reason, found := strings.Cut(line, ": ")
	if !found {
		return line
	}
	if _, rest, found := strings.Cut(reason, ": "); found {
		return rest
	}
	return reason
}

// judge reports how the moving went: what must not happen did not, and
// something has moved at all.
func (m *mover) judge(t *testing.T) {
	t.Helper()
	for _, status := range slices.Sorted(maps.Keys(m.tally)) {
		t.Logf("migrate: %d times %v", m.tally[status], status)
	}
	for _, reason := range slices.Sorted(maps.Keys(m.stays)) {
		t.Logf("could not move (%d times): %s", m.stays[reason], reason)
	}
	for _, w := range m.wrong {
		t.Error(w)
	}
	if n := m.tally[labtest.Moved]; n < fewest && !m.s.c.MayStay {
		t.Errorf("only %d moves: this run shows nothing", n)
	}
}

// killLeft ends what a failed run may have left in the node.
func (m *mover) killLeft(t *testing.T) {
	if !t.Failed() {
		return
	}
	for _, path := range []string{m.s.targets, m.s.pid} {
		for _, pid := range readPIDs(path) {
			m.lab.Kill(1, pid)
		}
	}
}
