package deputy

import (
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// resume makes the process ordinary: signal state, thread state, no stub, no tracer. The
// other side can forget it, whatever comes of that.
func (r *returning) resume(m *wire.ThawMsg) error {
	err := r.restore(m)
	if r.coming == nil { // else Commit comes with the last page
		// Not before: what a node does with the memory that has been left to it takes CPU time.
		_ = r.link.post(wire.Commit, r.p.Own)
	}
	switch {
	case err != nil:
		return err
	case r.coming != nil:
		r.stayTraced()
	default:
		r.detach(m)
	}
	return nil
}

// restore makes the parked threads what the image says, outside the stub.
func (r *returning) restore(m *wire.ThawMsg) error {
	p, img := r.p, r.img
	leader := r.threads[0]
	if err := r.takeBack(); err != nil {
		return err
	}
	p.mu.Lock()
	have := p.actions
	undelivered := append([]sentSignal(nil), unseen(p.sent, m.SignalsSeen)...)
	p.mu.Unlock()
	if err := leader.RestoreActions(&have, &img.Actions); err != nil {
		return err
	}
	if err := leader.RestoreTimers(img); err != nil {
		return err
	}
	if p.mayGive() { // else a filter of its own may kill it for that
		if err := leader.RestoreBarriers(img); err != nil {
			return err
		}
	}
	for i, t := range r.threads {
		img.Threads[i].Name = "" // it has one here, and others may have given it that
		if err := t.RestoreThread(&img.Threads[i]); err != nil {
			return err
		}
	}
	if err := r.requeue(m, append(undelivered, r.early...)); err != nil {
		return err
	}
	if err := leader.StartTimers(img.CPUTimers); err != nil {
		return err
	}
	if !tracee.AwaitClocks(img, p.readClocks, tracee.MostBehind) {
		p.s.log.Warn("a process's clocks go back: those of the node where it was are far ahead of this one's", "pid", p.PID)
	}
	ago, err := leader.Since(img)
	if err != nil {
		return err
	}
	for i, t := range r.threads {
		if err := r.homeward(t, &img.Threads[i], ago); err != nil {
			return err
		}
	}
	return r.h.LeaveStub(r.threads, img.Threads)
}

// requeue makes signals pending again: those pending at the guest, and those
// that came too late for it. What has arrived here since comes after them.
func (r *returning) requeue(m *wire.ThawMsg, late []sentSignal) error {
	var all []tracee.Pending
	for _, s := range m.Signals {
		one := tracee.Pending{Own: s.TID}
		copy(one.Info[:], s.Info)
		all = append(all, one)
	}
	for _, s := range late {
		one := tracee.Pending{Info: s.info}
		if s.toThread {
			one.Own = s.own
		}
		all = append(all, one)
	}
	return r.h.Restore(r.threads, r.img.Threads, tracee.MergeAllTimers(all))
}

// stayTraced lets the process run at home, traced, while pages of it are missing.
func (r *returning) stayTraced() {
	s := r.p.s
	r.h.Do(func() {
		for _, t := range r.threads {
			if d, ok := t.Data().(*deputy); ok {
				d.stop()
			}
			t.SetData(nil)
		}
	})
	s.mu.Lock()
	for _, t := range r.threads {
		delete(s.byOwn, t.Own)
	}
	s.mu.Unlock()
	r.beginWaits()
	r.h.Release()
	r.giveSlots()
}

// beginWaits has threads go on at once that wait for a socket with a time-out.
func (r *returning) beginWaits() {
	s := r.p.s
	r.p.beginAll(r.h, r.sockets, func(t *tracee.Thread) {
		if r.coming != nil || r.staysAttended() {
			_ = t.GoOn(0)
			return
		}
		s.detachOne(t)
	})
}

// staysAttended tells whether the process is traced at home as well.
func (r *returning) staysAttended() bool { return r.p.s.attending.Load() && !r.p.untraced.Load() }

// detach ends the tracing. A fatal signal is delivered to its thread on the way.
func (r *returning) detach(m *wire.ThawMsg) {
	p, s, attended := r.p, r.p.s, r.staysAttended()
	r.h.Do(func() {
		for _, t := range r.threads {
			if d, ok := t.Data().(*deputy); ok {
				d.stop()
			}
		}
		if attended {
			s.keepTraced(r.threads)
		}
	})
	r.beginWaits()
	r.h.Do(func() {
		for _, t := range r.threads {
			if !attended && t.Alive() {
				s.detachOne(t)
			}
		}
	})
	if attended {
		r.h.Release()
	} else {
		r.h.Pass()
	}
	r.giveSlots()
	s.mu.Lock()
	for _, t := range r.threads {
		delete(s.byOwn, t.Own)
	}
	s.mu.Unlock()
	p.mu.Lock()
	p.link = nil
	p.mu.Unlock()
	if attended {
		p.isHome()
		return
	}
	s.drop(p, supervisor.Gone)
}
