package guest

import "golang.org/x/sys/unix"

// madvise that changes what a mapping is, and so what has to travel with it: the call is made
// here, and what is known of the mappings is to be asked for before the body leaves.
func (s *strand) madvise(p *pending) {
	switch int(int32(p.args[2])) {
	case unix.MADV_GUARD_INSTALL, unix.MADV_GUARD_REMOVE:
		s.b.guarded.Store(true)
		if s.b.lacks() {
			// A page that is missing, and would be dropped by this, must not come afterwards;
			// of guards the userfaultfd tells nothing.
			go func() {
				if s.b.whole(never) == nil {
					s.local(p)
				}
			}()
			return
		}
	default:
		s.b.unlisted.Store(true)
	}
	s.local(p)
}

// mayDiffer tells whether something of the mappings that their list does not show may be another
// than what is known. Bodies of which nothing of that kind is known have not changed it:
// that would have been trapped.
func (b *body) mayDiffer() bool { return b.unlisted.Load() || b.HasSemantic() || b.locksNew() }

// learn asks the kernel before the body stands still, for which it may take too long.
func (b *body) learn() {
	if !b.mayDiffer() {
		return
	}
	was := b.unlisted.Swap(false)
	if err := b.LearnAttributes(); err != nil && was {
		b.unlisted.Store(true)
	}
}

// learnStanding asks the kernel when the body stands still.
func (b *body) learnStanding() error {
	switch {
	case b.unlisted.Load() || b.locksNew():
		return b.LearnAttributes()
	case b.HasSemantic() || b.locks.Load():
		return b.LearnStanding()
	}
	return nil
}
