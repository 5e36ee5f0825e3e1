package labtest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Mover moves the processes of one run to and fro, in an order that only the
// seed decides (as far as the processes are there at the same times). It is
// used by one goroutine: Run, and after its end Judge.
type Mover struct {
	Lab      *Lab
	Home     int           // the node the processes are at home on
	Interval time.Duration // between two moves
	Seed     uint64
	Roots    func() []int // the processes to be moved; none yet: nil
	Tree     bool         // their descendants too, each for itself

	random *rand.Rand
	at     map[int]int // pid: node it was sent to last
	tally  map[Status]int
	stays  map[string]int    // what those that cannot move were told
	busy   map[int]time.Time // pid: since when every move found it busy
	wrong  []string          // what should not have happened
}

// tooMuch is how much may go wrong before there is no use in going on.
const tooMuch = 5

// busyLimit is how long a process may be in the middle of something else: the
// longest that a freeze may take to give up, and some.
const busyLimit = 12 * time.Second

// Run moves until the context ends.
func (m *Mover) Run(ctx context.Context) {
	m.random = rand.New(rand.NewPCG(m.Seed, 0))
	m.at, m.tally, m.stays = make(map[int]int), make(map[Status]int), make(map[string]int)
	m.busy = make(map[int]time.Time)
	// The session outlives the run it is about: a move under way is let to end.
	session, err := m.Lab.Session(context.WithoutCancel(ctx), m.Home)
	if err != nil {
		m.wrong = append(m.wrong, err.Error())
		return
	}
	defer session.Close()
	tick := time.NewTicker(m.Interval)
	defer tick.Stop()
	for len(m.wrong) < tooMuch && session.lost == nil {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.step(ctx, session)
		}
	}
}

// step moves one process to one of the places it is not at.
func (m *Mover) step(ctx context.Context, session *Session) {
	pid, ok := m.choose(session)
	if !ok {
		return
	}
	var places []int
	for node := range m.Lab.Nodes() + 1 {
		if node != m.Home && node != m.at[pid] { // 0 is home
			places = append(places, node)
		}
	}
	to := places[m.random.IntN(len(places))]
	status, text := session.Migrate(pid, to)
	m.tally[status]++
	if status != Busy {
		delete(m.busy, pid)
	}
	switch status {
	case Moved, AlreadyThere:
		m.at[pid] = to
	case NoSuchProcess, EndedMeantime:
		delete(m.at, pid)
	case CannotMove:
		m.at[pid] = Home
		m.stays[reason(text)]++
	case Busy:
		since, known := m.busy[pid]
		if !known {
			m.busy[pid] = time.Now()
		} else if time.Since(since) > busyLimit {
			m.wrong = append(m.wrong, fmt.Sprintf("process %d is busy for %v: %s", pid, time.Since(since).Round(time.Second), text))
		}
	default:
		if ctx.Err() == nil {
			m.wrong = append(m.wrong, fmt.Sprintf("migrate %d %s: %v: %s", pid, Destination(to), status, text))
		}
	}
}

// choose picks the process to be moved next.
func (m *Mover) choose(session *Session) (int, bool) {
	pids := m.Roots()
	if m.Tree && len(pids) > 0 {
		var err error
		if pids, err = session.Trees(pids); err != nil {
			m.wrong = append(m.wrong, err.Error())
			return 0, false
		}
	}
	if len(pids) == 0 {
		return 0, false
	}
	return pids[m.random.IntN(len(pids))], true
}

// reason is what migrate says without its own name and the pid, which would
// make every answer another one.
func reason(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	line, _, _ = strings.Cut(line, " (`why ")
	parts := strings.SplitN(line, ": ", 3)
	return parts[len(parts)-1]
}

// Judge reports how the moving went: what must not happen did not, and there
// were at least so many moves that the run means anything.
func (m *Mover) Judge(t testing.TB, fewest int) {
	t.Helper()
	for _, status := range slices.Sorted(maps.Keys(m.tally)) {
		t.Logf("migrate: %d times %v", m.tally[status], status)
	}
	for _, r := range slices.Sorted(maps.Keys(m.stays)) {
		t.Logf("could not move (%d times): %s", m.stays[r], r)
	}
	for _, w := range m.wrong {
		t.Error(w)
	}
	if n := m.tally[Moved]; n < fewest {
		t.Errorf("%d moves only: this run shows nothing", n)
	}
}
