package guest

import (
	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// Of some files and directories home has told the state (stat(2)): until it takes that back, calls that ask for it are
// answered here. What a body changes itself it changes at home, or on credit for a file that it has open to write, of which
// home tells nothing.

// states are those, by clean path. Guarded by Guest.mu.
type states map[string][]byte

// maxStates bounds what home may have told.
const maxStates = 1 << 12

func (k *states) learn(path string, stat []byte) {
	if *k == nil {
		*k = states{}
	}
	if _, known := (*k)[path]; known || len(*k) < maxStates {
		(*k)[path] = stat
	}
}

// state is what is known of a path's. Precondition: mu is held.
func (g *Guest) state(path string) []byte {
	if m := g.readables.files[path]; m != nil {
		return m.Stat
	}
	return g.states[path]
}

// stated ends a call that asks for a state which is known, or for the working directory. False: home has to be asked.
func (s *strand) stated(p *pending, c *syscalls.Call) bool {
	if s.b.waitsForPages() {
		return false
	}
	if p.nr == unix.SYS_GETCWD {
		return s.directoryKnown(p)
	}
	into, asks := names.AsksState(p.nr)
	if !asks {
		return false
	}
	q, asks := names.Asks(p.nr, p.args)
	if !asks {
		return false
	}
	g, b := s.b.g, s.b
	g.mu.Lock()
	var stat []byte
	if b.sharesNames {
		if path := s.pathOf(q, c); path != "" {
			stat = g.state(path)
		}
	}
	if stat != nil {
		b.outdated()
	}
	g.mu.Unlock()
	if stat == nil {
		return false
	}
	s.answersWith(p, p.args[into], stat, 0)
	return true
}

// directoryKnown is stated of getcwd(2).
func (s *strand) directoryKnown(p *pending) bool {
	g, b := s.b.g, s.b
	g.mu.Lock()
	directory := ""
	if b.sharesNames {
		directory = b.directory
	}
	if directory != "" {
		b.outdated()
	}
	g.mu.Unlock()
	size := len(directory) + 1
	switch {
	case directory == "":
		return false
	case p.args[1] < uint64(size):
		s.handsOver()
		b.answer(p.id, -int64(unix.ERANGE))
	default:
		s.answersWith(p, p.args[0], append([]byte(directory), 0), int64(size))
	}
	return true
}

// answersWith ends a call that writes to the body's memory.
func (s *strand) answersWith(p *pending, at uint64, what []byte, ret int64) {
	if s.b.memory().Write(at, what) != nil {
		ret = -int64(unix.EFAULT)
	}
	s.handsOver()
	s.b.answer(p.id, ret)
}
