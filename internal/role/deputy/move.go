package deputy

import (
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
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

// move does a MoveTo request. It returns where the process is then (0: here)
// and how long it stood still.
func (s *Supervisor) move(r supervisor.Request) (int, time.Duration, error) {
	target := r.To
	if target == s.hello.Node {
		target = 0
	}
	p, err := s.take(r.PID, target)
	if err != nil {
		return 0, 0, err
	}
	defer p.end()
	defer p.closeHandles()
	from := p.away()
	progress := func(phase string, done, total uint64) {
		s.tell(supervisor.Event{ID: r.ID, Kind: supervisor.Progress, PID: r.PID, Phase: phase, Done: done, Total: total})
	}
	switch {
	case from == nil && target == 0:
		s.letGo(p)
		return 0, 0, fail(supervisor.AlreadyThere, "the process is at home")
	case from != nil && from.node == target:
		return 0, 0, fail(supervisor.AlreadyThere, fmt.Sprintf("the process is on node %d", target))
	case from == nil:
		still, err := s.moveOut(p, r, progress)
		for try := 1; try < outTries && changedUnderway(err); try++ {
			still, err = s.moveOut(p, r, progress)
		}
		if err != nil {
			s.letGo(p)
			return 0, 0, err
		}
		return target, still, nil
	case target == 0:
		still, err := s.moveHome(p, progress)
		return 0, still, err
	default:
		still, err := s.moveOn(p, r, progress)
		return target, still, err
	}
}

// busyWait is how long a move waits for an execve or for another move to end,
// such as one the process itself has caused.
const busyWait = 15 * time.Second

// take finds the process, or attaches to it, and begins a move.
func (s *Supervisor) take(pid, target int) (*proc, error) {
	for deadline := time.Now().Add(busyWait); ; {
		p := s.procByPID(pid)
		switch {
		case p == nil && target == 0:
			return nil, fail(supervisor.AlreadyThere, "the process is at home")
		case p == nil:
			if p, err := s.attach(pid); p != nil || err != nil {
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

// expect waits for one kind of answer from the guest side.
func (p *proc) expect(want uint8) (frame, error) {
	p.mu.Lock()
	in := p.inbox
	p.mu.Unlock()
	timer := time.NewTimer(stepLimit)
	defer timer.Stop()
	for {
		select {
		case f := <-in.frames:
			switch f.kind {
			case want:
				return f, nil
			case wire.Failed:
				return f, failedBy(f)
			default:
				return f, fmt.Errorf("unexpected answer %d from the guest's side", f.kind)
			}
		case <-timer.C:
			return frame{}, fail(supervisor.Unreachable, "the guest's side did not answer in time")
		}
	}
}

// outTries is how often a process is sent out that maps files meanwhile.
const outTries = 4

// changedUnderway tells whether a move failed only because the process mapped
// something between the sketch and the freeze.
func changedUnderway(err error) bool {
	var m *moveError
	return errors.As(err, &m) && m.code == supervisor.Busy
}
