package guest

import (
	"openmosix/internal/model/descriptors"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A process of several threads has files read ahead as well, by a narrower rule: any of them may hear of something, and what
// one knows all do. So what has come ahead for one ends, and home is told what was read of it, before another one's call goes home
// and when another one's answer comes. What the numbers of descriptors have to be known for, or who waits for a piece, is for one thread
// alone (mayGoOn).

// several tells whether the body has more threads than one.
func (b *body) several() bool { return !b.OneThread() }

// takesAhead tells whether a thread may have what has come ahead for it beside others: what they wait for may have been done
// at home since that was read, and must neither have read on in the same file nor let somebody else have it.
// Precondition: b.mu is held, so that no other call begins.
func (s *strand) takesAhead(f *wire.AheadFile) bool {
	if f.Pipe {
		return false
	}
	for _, t := range s.b.Threads() {
		x, is := t.Data().(*strand)
		if !is || x == s {
			continue
		}
		x.mu.Lock()
		p := x.call
		x.mu.Unlock()
		if p != nil && (p.row == nil || !descriptors.KeepsPlaces(p.nr, p.args)) {
			return false
		}
	}
	return true
}

// givesSeveral tells whether a call of one of several threads may end by what has come ahead. Precondition: b.mu is held.
func (b *body) givesSeveral(p *pending) bool {
	switch p.nr {
	case unix.SYS_READ, unix.SYS_LSEEK, unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_IOCTL, unix.SYS_FADVISE64:
		return b.ahead.here == nil && !b.want && !b.gone && !b.waitsForPages()
	}
	return false
}

// answers: home has answered a call. What came ahead of another one's answer may be older than this.
func (b *body) answers(p *pending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.ahead; f != nil && f.of != p && b.several() {
		b.behind(b.voice(), false)
	}
}

// voice is the id of a thread that can say something for the body: its first one, if that has not ended.
func (b *body) voice() int {
	for _, t := range b.Threads() {
		return t.Own
	}
	return b.Own
}
