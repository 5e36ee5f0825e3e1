package deputy

import (
	"errors"

	"openmosix/internal/linux/kcmp"
	"openmosix/internal/model/descriptors"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A process of several threads has files read ahead, too (readahead.go). Each of its threads may hear of something that is
// newer, and let others have what is open, while another one reads. So
//
//   - a word to any of them, and that is each reply, comes before what was read before it: piece (told);
//   - that a descriptor is for the process alone is noted of one that was opened only if no call was under way that could have given it to
//     somebody, or its number to another description;
//   - how far it has read is made true at once, by the link's reader: what its other threads ask for has other deputies, and
//     comes behind it.
//
// The guest's side does the rest (role/guest/several.go).

// turns are what other threads' calls do to a process's descriptors meanwhile. Guarded by sharing.mu.
type turns struct {
	changes  int  // calls so far that may let others have what it has, or give a number another description
	underway int  // ... that have not ended
	apart    bool // a thread has, or may have, a table of its own
	looked   bool // ... or has not: all that there were have been asked of
}

// turn is a call's place in that.
type turn struct {
	changes bool // it is one of those
	at      int
	quiet   bool // none was under way when it began
}

// begins precedes a call.
func (s *sharing) begins(nr int) turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := turn{changes: descriptors.Gives(nr), at: s.turns.changes, quiet: s.turns.underway == 0}
	if t.changes {
		s.turns.changes++
		s.turns.underway++
	}
	return t
}

// ends follows it when it has been noted what it did.
func (s *sharing) ends(t turn) {
	if !t.changes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns.underway--
}

// undisturbed tells whether no call of another thread that changes something was under way since a turn began.
// Precondition: mu is held.
func (s *sharing) undisturbed(t turn) bool { return t.quiet && s.turns.changes == t.at }

// splits: a thread may have a table of its own from now on.
func (s *sharing) splits() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns.apart = true
}

// oneTable tells whether all threads have the same table, which is that of the first. Precondition: p.sharing.mu is held.
func (p *proc) oneTable() bool {
	c := &p.sharing.turns
	if !c.looked && !c.apart {
		for _, t := range p.Threads() {
			if same, err := kcmp.SameFiles(p.PID, t.TID); err != nil || !same {
				c.apart = true
			}
		}
		c.looked = true
	}
	return !c.apart
}

// says: a thread is about to hear from home.
func (p *proc) says() {
	if p.OneThread() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told.Add(1)
}

// behindNow makes true how far one of several threads has read, by a description that is borrowed: what another one asks
// for next is not to wait for this one's deputy. What is left of the word, if anything, is for that. Link reader.
func (d *deputy) behindNow(f frame) (left frame, done bool) {
	if f.kind != wire.Behind || d.p.OneThread() || d.before.Load() > 0 {
		return f, false
	}
	m, err := wire.DecodeBehind(f.data)
	if err != nil || m.Bytes > 0 || m.Pipe || m.Close {
		return f, false
	}
	its, err := tracee.Borrow(d.p.PID, m.FD)
	if err != nil {
		return f, false
	}
	defer func() { _ = unix.Close(its) }()
	if m.Seek {
		_, _ = unix.Seek(its, int64(m.Offset), unix.SEEK_SET)
		d.p.stood.Store(&m)
	}
	if m.Read { // the time of access, as the process's own read would have set it
		if _, err := unix.Preadv2(its, [][]byte{make([]byte, 1)}, 0, unix.RWF_NOWAIT); errors.Is(err, unix.EAGAIN) {
			f.data = wire.BehindMsg{FD: m.FD, Read: true}.Append(nil)
			return f, false
		}
	}
	return f, true
}

// stood takes how far a descriptor that this deputy's thread reads has been read by what was told for another one's sake.
func (r *sequence) stood(m *wire.BehindMsg) {
	if m != nil && r.fd == m.FD && r.at >= 0 {
		r.at = int64(m.Offset)
	}
}
