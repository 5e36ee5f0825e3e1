package deputy

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// moveHome brings a process home, where it becomes an ordinary process again.
func (s *Supervisor) moveHome(p *proc, q supervisor.Request, progress func(string, uint64, uint64)) (time.Duration, error) {
	l := p.away()
	later, err := laterHome(q.Strategy)
	if err != nil {
		return 0, err
	}
	progress("freeze", 0, 0)
	m, came, start, err := p.frozenHere(l, later, progress)
	defer p.goesOn()
	if err == nil {
		p.stands()
		err = p.decide()
	}
	if err != nil {
		_ = l.post(wire.Abort, p.Own)
		s.stays(p, l)
		return 0, err
	}
	progress("send", 0, 0)
	s.fault.Reach(fault.HomeReturns)
	r := &returning{p: p, link: l, img: &m.Image, came: came}
	if err := r.receive(m); err != nil {
		// The body at home is half written and the guest is frozen: there the
		// process is still whole, so it goes on there.
		r.abandon()
		if len(m.Missing) > 0 { // the deputy has dropped what it had of it
			p.lacksSome()
		}
		_ = l.post(wire.Abort, p.Own)
		s.stays(p, l)
		return 0, err
	}
	p.cameHome(r.img)
	// From here on the guest's end, and its supervisor's, are not the process's.
	p.mu.Lock()
	p.link = nil
	p.mu.Unlock()
	s.fault.Reach(fault.HomeReceived)
	disownAll(p.hasSoles()) // it may ask at once whose signals they give
	err = r.resume(m)
	still := time.Since(start)
	release(p.takeSoles())
	p.unshow()
	p.goesOn()
	if c := r.coming; c != nil {
		if err == nil {
			err = c.fetch(progress)
		}
		c.over()
		if err == nil {
			err = s.ordinary(p, r.waits, r.sockets)
		}
		if errors.Is(err, tracee.ErrGone) {
			err = c.ended() // of what it lacked, whenever that was noticed
		}
		if errors.Is(err, tracee.ErrGone) || err != nil && p.ends() {
			return 0, err
		}
	}
	if err != nil {
		s.log.Error("cannot resume a process at home: killing it", "pid", p.PID, "error", err)
		kill(p.PID)
		return 0, err
	}
	return still, nil
}

// frozenHere has the guest side freeze, after what it sends ahead has been
// stored in the deputy, whose memory nobody uses. It tells since when the
// process stands still.
func (p *proc) frozenHere(l *link, later missing.When, progress func(string, uint64, uint64)) (*wire.ThawMsg, *cameAhead, time.Time, error) {
	if err := p.LearnAttributes(); err != nil { // of the deputy, whose mappings are to become the process's
		return nil, nil, time.Time{}, err
	}
	vmas, _, err := p.Mappings(nil)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	p.keepRest()
	came := &cameAhead{}
	ask := wire.FreezeMsg{Full: p.isEmptied(), Into: tracee.PrivateRanges(vmas), Later: later, Rate: uint64(p.s.rates.last(l.node))}
	if later == missing.Always {
		ask.Into = nil // no rounds
	}
	note := p.arriving(progress)
	m, err := p.frozenImage(l, ask, comes{several: true, settle: func() error { return nil }, page: func(data []byte) error {
		whole := tracee.StorePages(p.Forced(), data) // several connections at once
		came.mu.Lock()
		defer came.mu.Unlock()
		note(data)
		stored, err := came.early.Take(p.Forced(), data, whole)
		came.stored = append(came.stored, stored...)
		return err
	}})
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	return m, came, time.Now().Add(-time.Duration(m.Still) * time.Microsecond), nil
}

// cameAhead are pages of a process that came while it still ran elsewhere.
type cameAhead struct {
	mu     sync.Mutex
	stored []image.Range     // they are in the deputy's memory
	early  tracee.EarlyPages // which had no place for these
}

// returning is a process on its way home.
type returning struct {
	p       *proc
	link    *link
	img     *image.Image
	h       *tracee.Hold
	threads []*tracee.Thread // in the image's order
	came    *cameAhead
	early   []sentSignal // signals met while the deputies were being stopped
	taken   []*deputy    // whose slots are ours
	coming  *coming      // what is missing here; nil: nothing
	guarded bool         // guard regions may be installed
	waits   []wait       // that go on here
	sockets []socketWait // ... for a socket that says how long
}

// receive stops the deputies and makes their memory what the image says.
func (r *returning) receive(m *wire.ThawMsg) error {
	p := r.p
	if err := r.awaitExits(); err != nil {
		return err
	}
	if err := r.takeSlots(); err != nil {
		return err
	}
	h, err := p.Freeze(stopLimit, r.keepSignal, nil, nil)
	if err != nil {
		return err
	}
	r.h = h
	if err := h.Park(h.Threads()...); err != nil {
		return err
	}
	for i := range r.img.Threads {
		t := p.ThreadByOwn(r.img.Threads[i].TID)
		if t == nil {
			return fmt.Errorf("thread %d has no deputy", r.img.Threads[i].TID)
		}
		r.threads = append(r.threads, t)
	}
	leader := r.threads[0]
	if err := p.stillOpen(r.img.Files); err != nil {
		return err
	}
	p.AddGrowing(r.img.VMAs)
	if err := p.unlimited(func() error { return leader.Remap(r.img, p.held, ownOf, layout.Union(r.came.stored)) }); err != nil {
		return err
	}
	if err := r.came.early.StoreRest(p.Mem, r.img.VMAs); err != nil {
		return err
	}
	if err := leader.Drop(m.Missing); err != nil { // what came ahead has been written since
		return err
	}
	if err := r.pages(); err != nil {
		return err
	}
	r.guarded = true
	if err := r.lock(m.Missing); err != nil || len(m.Missing) == 0 {
		return err
	}
	return r.lackAtHome(m.Missing)
}

// awaitExits waits until the deputies of threads that ended on the other side
// have ended as well: their exit is on the way.
func (r *returning) awaitExits() error {
	live := map[int]bool{}
	for i := range r.img.Threads {
		live[r.img.Threads[i].TID] = true
	}
	within := owntime.Within(stopLimit)
	for {
		extra := 0
		for _, t := range r.p.Threads() {
			if !live[t.Own] {
				extra++
			}
		}
		if extra == 0 {
			return nil
		}
		if within.Over() {
			return fmt.Errorf("%d threads did not end in time", extra)
		}
		nap.For(200 * time.Microsecond)
	}
}

// takeSlots waits until the deputies have done what their guests' last calls
// left to do. No call is under way any more, and none comes.
func (r *returning) takeSlots() error {
	within := owntime.Within(stopLimit)
	for _, t := range r.p.Threads() {
		d, ok := t.Data().(*deputy)
		if !ok {
			continue
		}
		for d.behinds.Load() > 0 || !d.using.TryLock() {
			if within.Over() {
				return fmt.Errorf("the deputy of thread %d does not come to rest", t.Own)
			}
			nap.For(100 * time.Microsecond)
		}
		r.taken = append(r.taken, d)
	}
	return nil
}

func (r *returning) giveSlots() {
	for _, d := range r.taken {
		d.using.Unlock()
	}
	r.taken = nil
}

// keepSignal puts a signal aside that comes while the deputies are being
// stopped; it is queued again when the process is whole. Tracing thread.
func (r *returning) keepSignal(t *tracee.Thread, st ptrace.Stop) {
	if info, err := ptrace.GetSigInfo(t.TID); err == nil {
		r.early = append(r.early, r.p.sentTo(t, info))
	}
	_ = t.GoOn(0)
}

// pages takes what the guest side sends until it says that this is all.
func (r *returning) pages() error {
	p := r.p
	left := mostFrozen(r.img)
	for {
		f, err := p.expectAny(r.link)
		if err != nil {
			return err
		}
		if err := spend(&left, f); err != nil {
			return err
		}
		switch f.kind {
		case wire.Pages:
			if err := tracee.StorePages(p.Forced(), f.data); err != nil {
				return err
			}
			r.link.conn.Spare(f.data)
		case wire.Sole:
			if err := storeSole(p.hasSoles(), f.data); err != nil {
				return err
			}
		case wire.Zero:
			var z wire.RangesMsg
			if err := wire.Decode(f.data, &z); err != nil {
				return err
			}
			if err := image.ValidateRanges(z.Ranges); err != nil {
				return err
			}
			if err := r.threads[0].Discard(r.img.VMAs, z.Ranges); err != nil {
				return err
			}
		case wire.PagesEnd:
			return nil
		}
	}
}

// abandon lets the deputies be deputies again after a failed return.
func (r *returning) abandon() {
	defer r.giveSlots()
	if r.h == nil {
		return
	}
	if r.guarded {
		if err := r.threads[0].Unguard(r.img.Guards); err != nil {
			r.p.s.log.Warn("a guard region stays at home", "pid", r.p.PID, "error", err)
		}
	}
	r.unlock()
	r.h.Pass() // first: what was blocked meanwhile stops its thread at once
	for _, d := range r.taken {
		if d.t.Alive() {
			d.setMask(d.waits)
		}
	}
	for _, one := range r.early {
		r.p.s.passOn(r.p, one)
	}
}
