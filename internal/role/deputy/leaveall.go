package deputy

import (
	"sync"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/supervisor"
)

const (
	// homeAtOnce bounds how many processes come home from one node at a time: more would only share the same link.
	homeAtOnce = 4
	// homeTurn is how long one of these keeps the next one waiting. It may take longer: a node that sends slowly, or not at
	// all, must not keep others from coming while there is time.
	homeTurn = 2 * time.Second
)

// leaveAll brings everything home. Each process has the limits of its own move; nodes do not wait for each other.
func (s *Supervisor) leaveAll(r supervisor.Request) {
	away := map[int][]int{}
	for _, d := range s.describe() {
		if d.Node != 0 {
			away[d.Node] = append(away[d.Node], d.PID)
		}
	}
	var group sync.WaitGroup
	for _, pids := range away {
		group.Go(func() { inTurns(pids, homeAtOnce, homeTurn, s.bringBack) })
	}
	group.Wait()
	s.tell(supervisor.Event{ID: r.ID, Kind: supervisor.State, Procs: s.describe()})
}

func (s *Supervisor) bringBack(pid int) {
	r := supervisor.Request{Verb: supervisor.MoveTo, PID: pid, Why: "its node's daemon ends"}
	if _, _, err := s.move(r); err != nil && !isNotAway(s.failure(r, err).Code) {
		s.log.Warn("cannot bring a process home", "pid", pid, "error", err)
	}
}

// isNotAway tells of a failure that means that a process has come home by itself, or has ended.
func isNotAway(c supervisor.Code) bool {
	return c == supervisor.AlreadyThere || c == supervisor.NoSuchProcess
}

// inTurns does something with each, so many at once, and waits for all. One that takes longer than a turn goes on, and the
// next begins beside it.
func inTurns(pids []int, atOnce int, turn time.Duration, do func(pid int)) {
	turns := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for _, pid := range pids {
		turns <- struct{}{}
		over := sync.OnceFunc(func() { <-turns })
		late := owntime.AfterFunc(turn, over)
		group.Go(func() {
			defer over()
			defer late.Stop()
			do(pid)
		})
	}
	group.Wait()
}
