package guest

import (
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// back has the body run on here, or ends it.
func (d *departure) back() {
	if err := d.undo(); err != nil {
		d.b.g.log.Error("a process could not be thawed again: killing it", "process", d.b.Own, "error", err)
		d.b.kill()
	}
}

// undo lets the body run on here.
func (d *departure) undo() error {
	b := d.b
	b.endSupply()
	if d.h == nil { // not even stopped
		b.relax()
		b.endFreezing()
		return nil
	}
	if d.parked {
		if err := d.requeue(); err != nil {
			return err
		}
		if err := d.threads[0].StartTimers(d.timers); err != nil {
			return err
		}
		if d.intervals != [2]image.Timer{} {
			if err := d.threads[0].RestoreTimers(&image.Image{Virtual: d.intervals[0], Prof: d.intervals[1]}); err != nil {
				return err
			}
		}
		if err := d.h.Unpark(d.threads...); err != nil {
			return err
		}
		if err := d.h.SetThreads(d.threads, d.saved); err != nil {
			return err
		}
		d.h.Do(func() {
			for _, t := range d.threads {
				if t.Slot != nil {
					b.Slots.Free(t.Slot)
					t.Slot = nil
				}
			}
		})
	}
	if !d.parked && d.early != nil {
		b.mu.Lock()
		b.early = append(d.early, b.early...)
		b.mu.Unlock()
	}
	for _, t := range d.threads {
		t.Data().(*strand).served.Store(false)
	}
	b.endFreezing()
	d.h.Release()
	return nil
}

// requeue makes the signals pending again that were taken from the body.
func (d *departure) requeue() error {
	for _, e := range d.early {
		t := d.threads[0]
		if x := d.b.ThreadByOwn(e.own); e.own != 0 && x != nil {
			t = x
		}
		own := e.own != 0
		if x := d.b.ThreadByOwn(e.at); e.first() && x != nil {
			t, own = x, true
		}
		if err := t.QueueSignal(disguise(e.info, e.own != 0), own); err != nil {
			return err
		}
	}
	return nil
}

// endFreezing lets calls go home again and raises what came too late. The
// threads must not have gone on yet: a call they make meanwhile would be
// answered as if they had been told to stop.
func (b *body) endFreezing() {
	b.mu.Lock()
	b.freezing, b.raising = false, true
	var early, doomed []pendingSignal // of a freeze that did not get as far as to take them along
	for _, e := range b.early {
		if e.doomed {
			doomed = append(doomed, e)
		} else {
			early = append(early, e)
		}
	}
	b.early = doomed
	b.mu.Unlock()
	for _, e := range early {
		b.raise(e, e.own != 0)
	}
	for b.raising { // what comes meanwhile comes behind
		b.mu.Lock()
		late := b.late
		b.late = nil
		for _, l := range late {
			if l.control == 0 {
				b.seen++
			}
		}
		b.raising = len(late) > 0
		b.mu.Unlock()
		for _, l := range late {
			if l.control != 0 {
				_ = unix.Kill(b.PID, l.control)
				continue
			}
			b.raise(l.pendingSignal, l.direct)
		}
	}
}
