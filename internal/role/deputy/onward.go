package deputy

import (
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/model/missing"
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
	strategy, err := strategyOf(r, next)
	if err != nil {
		_ = next.post(wire.Abort, p.Own)
		next.leave()
		return 0, err
	}
	progress("freeze", 0, 0)
	// What comes ahead is passed on; both other nodes have what the deputy has mapped.
	ask := wire.FreezeMsg{Full: true, Into: tracee.PrivateRanges(img.VMAs), Later: laterBy(strategy, next), Rate: uint64(s.rates.last(next.node))}
	if ask.Later == missing.Always {
		ask.Into = nil // no rounds
	}
	note := p.arriving(progress)
	m, err := p.frozenImage(old, ask, comes{settle: func() error { return p.settle(next) }, page: func(data []byte) error {
		note(data)
		return (&thinned{p: p, l: next}).onWay(data)
	}})
	defer p.goesOn()
	if err == nil {
		p.stands()
		err = p.staysNear()
	}
	if err == nil {
		err = p.decide()
	}
	if err != nil {
		_ = old.post(wire.Abort, p.Own)
		_ = next.post(wire.Abort, p.Own)
		next.leave()
		s.stays(p, old)
		return 0, err
	}
	start := time.Now().Add(-time.Duration(m.Still) * time.Microsecond)
	progress("send", 0, 0)
	o := &onward{p: p, old: old, next: next, m: m}
	if err := o.relay(); err != nil && o.back() {
		_ = next.post(wire.Abort, p.Own)
		next.leave()
		_ = old.post(wire.Abort, p.Own)
		s.stays(p, old)
		return 0, err
	}
	s.fault.Reach(fault.HomeRelayed)
	p.mu.Lock()
	p.files = m.Image.Files
	p.moves++
	p.arrives()
	p.mu.Unlock()
	s.unlessLost(next)
	s.fault.Reach(fault.HomeHanded)
	if len(m.Missing) == 0 {
		_ = old.post(wire.Commit, p.Own)
	} else if src := s.sourceBehind(old, p.Own); src != nil { // else it has ended, and that was said
		src.settle()
	}
	next.arrived()
	return time.Since(start), nil
}

// onward is a frozen process on its way from one guest side to another.
type onward struct {
	p         *proc
	old, next *link
	m         *wire.ThawMsg
	switched  bool
	before    uint64 // signals the old side has been sent, when the links were switched
}

// relay passes the frozen process from the old guest side to the new one.
func (o *onward) relay() error {
	p, next, m := o.p, o.next, o.m
	p.mu.Lock()
	m.Stopped, m.Image.Kept = p.stopped, p.kept
	p.mu.Unlock()
	p.weighAsHere(&m.Image)
	m.Strange = p.isStrange()
	m.AllReturns = p.isEmptied()
	if err := p.stillOpen(m.Image.Files); err != nil {
		return err
	}
	if err := p.s.joint.goesTo(next, jointKeys(&m.Image)); err != nil {
		return err
	}
	if err := p.send(next, wire.Thaw, wire.Encode(m)); err != nil {
		return err
	}
	if err := p.supply(next, &m.Image); err != nil {
		return err
	}
	left := mostFrozen(&m.Image)
	for {
		f, err := p.expectAny(o.old)
		if err == nil {
			err = spend(&left, f)
		}
		switch {
		case err != nil:
			return err
		case f.kind != wire.Pages && f.kind != wire.Zero && f.kind != wire.Sole && f.kind != wire.PagesEnd:
			continue // nothing that the other node is to hear from that one
		}
		if f.kind == wire.PagesEnd {
			o.change()
			if len(m.Missing) > 0 {
				p.supplyPages(next, o.old, m.Missing)
			}
		}
		if f.kind == wire.Sole { // a process that dies on the way leaves this
			if err := storeSole(p.hasSoles(), f.data); err != nil {
				return err
			}
		}
		if f.kind == wire.Pages {
			err = (&thinned{p: p, l: next}).onWay(f.data)
		} else {
			err = p.send(next, f.kind, f.data)
		}
		if err != nil {
			return err
		}
		if f.kind == wire.PagesEnd {
			break
		}
	}
	if _, err := p.expect(next, wire.Thawed); err != nil {
		return err
	}
	p.mu.Lock()
	p.handing = nil
	p.mu.Unlock()
	return nil
}

// change makes the new side the process's, before it can run there: it makes
// calls, forks and ends faster than it tells that it runs. What came too late
// for the old side goes to the new one first, which keeps it until then.
func (o *onward) change() {
	p := o.p
	p.mu.Lock()
	defer p.mu.Unlock()
	o.switched, o.before = true, p.count
	p.handing, p.handed = o.next, false
	late := unseen(p.sent, o.m.SignalsSeen)
	p.link, p.heard = o.next, time.Now()
	p.sent, p.count = nil, uint64(len(late)) // the new side counts from its beginning
	for _, one := range late {
		p.postSignal(o.next, one)
	}
	o.update(o.next)
}

// back makes the old side the process's again: it has got everything up to the
// change, and raises it when it is told that the move has failed. False: the process runs on
// the new side, whatever has become of that. It may, unknown to home, and goes back nevertheless as
// long as it has done nothing: nothing that it does there counts from here on.
func (o *onward) back() bool {
	if !o.switched {
		return true
	}
	if !o.switchBack() {
		return false
	}
	if s := o.p.takeSource(); s != nil && s.there != nil {
		s.letGo(false)
	}
	return true
}

func (o *onward) switchBack() bool {
	p := o.p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handing = nil
	if p.handed {
		return false
	}
	p.dealing = nil
	p.link, p.heard, p.count = o.old, time.Now(), o.before+uint64(len(p.sent))
	for _, one := range p.sent {
		p.postSignal(o.old, one)
	}
	o.update(o.old)
	return true
}

// update tells a side what has changed since the image was made. p.mu is held.
func (o *onward) update(l *link) {
	p := o.p
	switch {
	case p.stopped && !o.m.Stopped:
		_ = l.post(wire.Stop, p.Own)
	case !p.stopped && o.m.Stopped:
		_ = l.post(wire.Cont, p.Own)
	}
	if p.ended {
		_ = l.post(wire.Kill, p.Own)
	}
}
