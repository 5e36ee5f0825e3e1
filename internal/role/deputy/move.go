package deputy

import (
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"
)

// Limits of the steps of a move. Whoever does not answer in time makes the
// move fail; until the commit the process then runs on where it was.
const (
	stopLimit = 5 * time.Second  // for all threads to stop
	stepLimit = 30 * time.Second // for the other side to do a step
)

// letThrough is the signal policy while a process is still its own.
func letThrough(t *tracee.Thread, st ptrace.Stop) { tracee.DeliverNatively(t, st) }

// move does a MoveTo request, and tells the daemon of it. It returns where the
// process is then (0: here) and how long it stood still.
func (s *Supervisor) move(r supervisor.Request) (int, time.Duration, error) {
	s.stay(1)
	defer s.endIfIdle() // its end may have been near, and waited
	defer s.stay(-1)
	defer s.daemon.Moved()
	target := r.To
	if target == s.daemon.Hello().Node {
		target = 0
	}
	begun := time.Now()
	p, err := s.take(r, target)
	if err != nil {
		if r.ID != 0 { // what is tried again and again is no news
			s.tellTrip(r, supervisor.Trip{To: target, Over: true, Refused: true}, err)
		}
		return 0, 0, err
	}
	defer p.end()
	defer p.closeHandles()
	defer func() { p.holds = nil }()
	from := p.away()
	switch {
	case from == nil && target == 0:
		s.letGo(p)
		return 0, 0, fail(supervisor.AlreadyThere, "the process is at home")
	case from != nil && from.node == target:
		return 0, 0, fail(supervisor.AlreadyThere, fmt.Sprintf("the process is on node %d", target))
	}
	trip := p.trip(from, target)
	s.tellTrip(r, trip, nil)
	still, err := s.travel(p, r, from, target)
	s.tellTrip(r, p.overAfter(trip, begun, still), err)
	if err != nil && from == nil {
		s.letGo(p)
	}
	return target, still, err
}

// travel moves a process that can be moved.
func (s *Supervisor) travel(p *proc, r supervisor.Request, from *link, target int) (time.Duration, error) {
	progress := func(phase string, done, total uint64) {
		p.at(phase, done, total)
		s.tell(supervisor.Event{ID: r.ID, Kind: supervisor.Progress, PID: r.PID, Phase: phase, Done: done, Total: total})
	}
	switch {
	case from == nil:
		first := running
		if r.Urgent {
			first = still
		}
		stood, err := s.moveOut(p, r, first, progress)
		for try := 1; try < execTries && err == errExecs; try++ {
			how := first
			if try >= runningTries {
				how = still
			}
			stood, err = s.moveOut(p, r, how, progress)
		}
		for try := 1; try < briefTries && isBrief(err); try++ {
			time.Sleep(briefPause)
			stood, err = s.moveOut(p, r, first, progress)
		}
		return stood, err
	}
	if err := p.awaitWhole(progress); err != nil {
		return 0, err
	}
	if target == 0 {
		return s.moveHome(p, r, progress)
	}
	return s.moveOn(p, r, progress)
}

// busyWait is how long a move waits for an execve or for another move to end,
// such as one the process itself has caused.
const busyWait = 15 * time.Second

// execTries is how often a process is sent out that executes other programs
// meanwhile; runningTries of them leave it running while the other side prepares.
const (
	execTries    = 8
	runningTries = 2
)

// briefTries is how often a process is sent out while others open memory that it shares, or have yet to receive
// descriptors, which takes milliseconds, and may happen again and again.
const (
	briefTries = 5
	briefPause = 20 * time.Millisecond
)

// take finds the process, or attaches to it, and begins a move.
func (s *Supervisor) take(r supervisor.Request, target int) (*proc, error) {
	begun := time.Now()
	for deadline := begun.Add(busyWait); ; {
		p := s.procByPID(r.PID)
		switch {
		case p == nil && target == 0:
			return nil, fail(supervisor.AlreadyThere, "the process is at home")
		case p == nil:
			p, err := s.attach(r)
			if errors.Is(err, tracee.ErrLeaderLeft) && time.Now().Before(begun.Add(tracee.LeaderLimit)) {
				break
			}
			if errors.Is(err, tracee.ErrLeaderLeft) {
				err = fail(supervisor.CannotMove, err.Error())
			}
			if p != nil || err != nil {
				return p, err
			}
		case p.begin():
			return p, nil
		}
		if time.Now().After(deadline) {
			return nil, fail(supervisor.Busy, "another move or an exec of the process is under way")
		}
		time.Sleep(time.Millisecond)
	}
}
