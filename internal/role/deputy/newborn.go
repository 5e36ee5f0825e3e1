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
	if kind != wire.Signal && len(p.unsent) > 0 {
		p.sendUnsent(l)
	}
	p.told.Add(1)
	if p.unborn {
		p.words = append(p.words, word{kind, id, parts})
		return nil
	}
	return l.post(kind, id, parts...)
}

// announce tells the guest side the child's id, by the reply to the thread that makes it (nil: there
// is none to be given any more), and then what has waited. Nothing comes between: the child runs there
// as soon as the id is known, and what its calls cause is ahead of their replies.
func (p *proc) announce(l *link, maker int, reply []byte) {
	l.settle(wire.Reply)
	p.mu.Lock()
	if reply != nil {
		_ = l.conn.Along(wire.Reply, uint64(uint32(maker)), reply)
	}
	p.unborn = false
	for _, w := range p.words {
		_ = l.post(w.kind, w.id, w.parts...)
	}
	p.words = nil
	p.mu.Unlock()
	l.conn.Push()
}

// killGuest has the guest half of a process that is no more ended.
func (p *proc) killGuest(l *link) {
	if l != nil {
		_ = p.tellGuest(l, wire.Kill, p.Own)
	}
}
