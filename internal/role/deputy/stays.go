package deputy

import (
	"os"
	"sync"
	"time"

	"openmosix/internal/model/program"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"
)

// Most programs of a build are too short to gain anything elsewhere, and the daemon says so in
// its answers (supervisor.Stays). Such a one goes on in the very stop of its execve: nobody is
// woken up for it, and the daemon is told with whatever it is told next.

// mostStays bounds the kinds that are remembered.
const mostStays = 512

// stays is what the daemon has said of programs at home.
type stays struct {
	mu     sync.Mutex
	taken  uint64 // how often it has taken anything back
	kinds  map[string]kindStays
	family time.Time // until when all stay
}

// kindStays is what is said of a kind.
type kindStays struct {
	until time.Time
	most  time.Duration // a run may use; 0: whatever it uses
}

// processStays is what is said of a process and those it makes. proc.mu
type processStays struct {
	until time.Time
	taken uint64
}

// lets tells whether a program goes on without a question, and whether the daemon is to know: what is
// locked it does not count.
func (y *stays) lets(kind string, own processStays, now time.Time) (goes, counts bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if own.taken == y.taken && now.Before(own.until) {
		return true, false
	}
	goes = now.Before(y.family) || now.Before(y.kinds[kind].until)
	return goes, goes
}

// asking is a mark for what is said in answer to a question that is asked now.
func (y *stays) asking() uint64 {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.taken
}

// said takes in what was said in answer to a question about a kind of program; own is for its
// process. What was taken back since it was asked, before it was said or after, is nothing any more.
func (y *stays) said(a supervisor.Stays, kind string, asked uint64, now time.Time) (own processStays) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if asked != y.taken {
		return own
	}
	until := now.Add(a.For)
	switch a.Whose {
	case supervisor.Kinds:
		if y.kinds == nil || len(y.kinds) >= mostStays {
			y.kinds = map[string]kindStays{}
		}
		y.kinds[kind] = kindStays{until: until, most: a.Most}
	case supervisor.Process:
		own = processStays{until: until, taken: y.taken}
	case supervisor.Family:
		y.family = until
	}
	return own
}

// takenBack: nothing is said of these kinds any more, or, if there are none, of anything.
func (y *stays) takenBack(kinds []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.taken++ // what is on its way may be of them
	for _, kind := range kinds {
		delete(y.kinds, kind)
	}
	if len(kinds) == 0 {
		y.kinds, y.family = nil, time.Time{}
	}
}

// ran takes in what a run has used: if it is too much, the next of its kind is asked about.
func (y *stays) ran(kind string, used time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if k, said := y.kinds[kind]; said && k.most > 0 && used > k.most {
		delete(y.kinds, kind)
	}
}

// goesOn lets a process of an attended family go on that executes a program of which it is known
// that it stays, in the stop; false: it is to be asked about, or a move is under way.
// Tracing thread.
func (s *Supervisor) goesOn(p *proc, t *tracee.Thread, path, kind string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	goes, counts := s.staying.lets(kind, p.stay, time.Now())
	if !goes || p.moving || p.ended || p.bodiless || p.exec != nil {
		return false
	}
	p.program, p.kind = path, kind
	if counts {
		s.daemon.Later(supervisor.Event{Kind: supervisor.Executed, PID: p.PID, Text: path, Sort: kind})
	}
	_ = t.GoOn(0)
	return true
}

// executes is what program a process has executed, and of which kind. It is asked while the
// process stands: the command line is that which it was given.
func (p *proc) executes() (path, kind string) {
	path, _ = os.Readlink(p.Family.FS.Path(p.PID, "exe"))
	args, _ := p.Family.FS.Cmdline(p.PID) // it is ending
	return path, program.Kind(path, args)
}
