package deputy

import "openmosix/internal/model/wire"

// word is something to be told to a process's guest half.
type word struct {
	kind  uint8
	id    int
	parts [][]byte
}

// tellGuest sends a word to the guest half of a process that is behind l. A
// child exists at home a moment before its guest side knows its id: what comes
// meanwhile waits, since a word about an unknown id means a process that has
// ended. It never blocks.
func (p *proc) tellGuest(l *link, kind uint8, id int, parts ...[]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tellGuestLocked(l, kind, id, parts...)
}

// tellGuestLocked is tellGuest with p.mu held.
func (p *proc) tellGuestLocked(l *link, kind uint8, id int, parts ...[]byte) error {
	p.told.Add(1)
	if p.unborn {
		p.words = append(p.words, word{kind, id, parts})
		return nil
	}
	return l.post(kind, id, parts...)
}

// announced: the guest side has been told the child's id.
func (p *proc) announced(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unborn = false
	for _, w := range p.words {
		_ = l.post(w.kind, w.id, w.parts...)
	}
	p.words = nil
}

// killGuest has the guest half of a process that is no more ended.
func (p *proc) killGuest(l *link) {
	if l != nil {
		_ = p.tellGuest(l, wire.Kill, p.Own)
	}
}
