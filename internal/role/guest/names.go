package guest

import (
	"bytes"

	"openmosix/internal/model/abi"
	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
)

// What home has told of names (role/deputy, naming) answers calls here: that a
// name is absent, or that it is no symbolic link. Home takes a fact back before it
// sends anything from which a body could know of the change.

func (g *Guest) sharesNames(b *body, does bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b.sharesNames = does
	if !does {
		g.strange(b)
	}
}

// known tells with which error a call ends because of what is known of its
// path; 0: home has to be asked.
func (s *strand) known(p *pending, c *syscalls.Call) abi.Errno {
	g, b := s.b.g, s.b
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !b.sharesNames:
		return 0
	case names.ChangesView(p.nr):
		b.sharesNames = false
		g.strange(b)
		b.allow()
		return 0
	case names.ChangesDirectory(p.nr):
		b.directory, b.changedAt = "", p.serial
		b.allow()
		return 0
	}
	q, asks := names.Asks(p.nr, p.args)
	if !asks {
		return 0
	}
	full := s.pathOf(q, c)
	if full == "" {
		return 0
	}
	errno := b.hears(q, names.Look(&g.names, full))
	if errno != 0 {
		b.answered(p.nr, pathIn(q, c), int64(errno))
	}
	return errno
}

// changesDirectory: the working directory is another one, and what calls before this have shown of it is over, those of other threads
// as well.
func (b *body) changesDirectory() {
	b.g.mu.Lock()
	defer b.g.mu.Unlock()
	b.directory, b.changedAt = "", b.g.serial.Load()
	b.allow()
}

// hears gives the error with which a call ends that asks of a name of which this is known; 0: that
// does not tell, and home has to be asked. If home has told facts since a file came ahead, this
// one may be newer than that. Precondition: Guest.mu is held.
func (b *body) hears(q names.Question, fact names.Fact) abi.Errno {
	errno := q.Answer(fact)
	if errno == 0 {
		return 0
	}
	b.outdated()
	return errno
}

// outdated: the body hears of facts, or may; a file that came before the newest of them is not given out any more. Precondition: Guest.mu is held.
func (b *body) outdated() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.ahead; f != nil && f.learnt != b.g.learnt.Load() {
		b.revoke()
		f.fresh = false // which says nothing of one that was opened here
	}
	if f := &b.foretold; f.learnt != b.g.learnt.Load() {
		f.drop()
	}
}

// pathOf is the path of which a call asks, made clean; "": it cannot be. Precondition:
// Guest.mu is held.
func (s *strand) pathOf(q names.Question, c *syscalls.Call) string {
	return names.Resolve(s.b.directory, string(pathIn(q, c)), s.b.g.names.IsDirectory)
}

// pathIn is the path of which a call asks, as the process gives it; empty: it is none.
func pathIn(q names.Question, c *syscalls.Call) []byte {
	for i := range c.Segs {
		if in := c.Segs[i].In; c.Segs[i].Arg == q.Path {
			if path, _, ended := bytes.Cut(in, []byte{0}); ended {
				return path
			}
		}
	}
	return nil
}

// learn takes a fact that a call of a thread has shown.
func (g *Guest) learn(own int, data []byte) {
	var m wire.KnownMsg
	if err := wire.Decode(data, &m); err != nil || !names.Clean(m.Path) || len(m.Directory) > names.MaxPath {
		g.log.Warn("a fact of a name is not understood", "error", err)
		return
	}
	fact := names.Fact(m.Fact)
	if fact != names.Absent && fact != names.NotLink && fact != names.Directory {
		return
	}
	s := g.strandByOwn(own)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.names.Learn(m.Path, fact)
	if len(m.Stat) == wire.StatSize {
		g.states.learn(m.Path, m.Stat)
	}
	g.learns()
	if s != nil && m.Directory != "" && m.Serial > s.b.changedAt {
		s.b.directory = m.Directory
		s.b.allow()
	}
}

// learns: home has told something. Precondition: g.mu is held.
func (g *Guest) learns() {
	g.learnt.Add(1)
	for _, b := range g.bodies {
		if b.shortcut { // it may hear of this without anybody's knowing
			b.outdated()
		}
	}
}

// forget drops what home takes back. A working directory below that name may
// have another one now.
func (g *Guest) forget(data []byte) {
	var m wire.ForgetMsg
	if err := wire.Decode(data, &m); err != nil || m.Path == "" {
		g.log.Error("what is no longer known of names is not understood: all is forgotten", "error", err)
		m = wire.ForgetMsg{Path: "/", Directory: true}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.names.Forget(m.Path, m.Directory)
	names.Forget(g.states, m.Path, m.Directory)
	g.conceal(g.readables.forget(m.Path, m.Directory))
	g.taken(m.Path, m.Directory)
	defer g.recheck(m.Path)
	if !m.Directory {
		return
	}
	for _, b := range g.bodies {
		if b.directory != "" && names.Below(b.directory, m.Path) {
			b.directory = ""
			b.allow()
		}
	}
}
