package deputy

import (
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// moveOn moves a process from one foreign node to another. The deputy does not
// move; it passes the body on and changes links.
func (s *Supervisor) moveOn(p *proc, r supervisor.Request, progress func(string, uint64, uint64)) (time.Duration, error) {
	old := p.away()
	progress("connect", 0, 0)
	next, img, err := s.prepare(p, r)
	if err != nil {
		return 0, err
	}
	progress("freeze", 0, 0)
	// What comes ahead is passed on; both other nodes have what the deputy has mapped.
	m, err := p.frozenImage(old, true, tracee.PrivateRanges(img.VMAs), func(data []byte) error {
		return reach(next.send(wire.Pages, p.Own, data))
	})
	if err != nil {
		_ = old.post(wire.Abort, p.Own)
		_ = next.post(wire.Abort, p.Own)
		next.close()
		return 0, err
	}
	start := time.Now().Add(-time.Duration(m.Still) * time.Microsecond)
	progress("send", 0, 0)
	if err := s.relay(p, old, next, m); err != nil {
		_ = next.post(wire.Abort, p.Own)
		next.close()
		_ = old.post(wire.Abort, p.Own)
		return 0, err
	}
	p.mu.Lock()
	p.link = next
	p.files = m.Image.Files
	p.moves++
	late := unseen(p.sent, m.SignalsSeen)
	p.sent, p.count = nil, uint64(len(late)) // the new side counts from its beginning
	for _, one := range late {               // before any that comes from now on
		s.forward(next, p, one)
	}
	if p.stopped && !m.Stopped {
		_ = next.post(wire.Stop, p.Own)
	}
	p.mu.Unlock()
	_ = old.post(wire.Commit, p.Own)
	return time.Since(start), nil
}

// relay passes the frozen process from the old guest side to the new one.
func (s *Supervisor) relay(p *proc, old, next *link, m *wire.ThawMsg) error {
	p.mu.Lock()
	m.Stopped = p.stopped
	p.mu.Unlock()
	if err := next.send(wire.Thaw, p.Own, wire.Encode(m)); err != nil {
		return fail(supervisor.Unreachable, err.Error())
	}
	if err := p.supply(next, &m.Image); err != nil {
		return err
	}
	for {
		f, err := p.expectAny(old)
		if err != nil {
			return err
		}
		if err := next.send(f.kind, p.Own, f.data); err != nil {
			return fail(supervisor.Unreachable, err.Error())
		}
		if f.kind == wire.PagesEnd {
			break
		}
	}
	_, err := p.expect(next, wire.Thawed)
	return err
}
