package deputy

// A call under way can be broken off, from when it is entered until it is finished.

// begin enters a call; false: it was cancelled before it began.
func (d *deputy) begin(serial uint64, firm bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel == serial && !firm {
		d.cancel = 0
		return false
	}
	d.serial, d.firm = serial, firm
	return true
}

func (d *deputy) finish() {
	d.mu.Lock()
	d.serial, d.firm, d.ends = 0, false, false
	d.mu.Unlock()
}

// begun breaks off the call just posted if that was asked for before: a stop
// that came between begin and the post found nothing to break off.
func (d *deputy) begun() {
	d.mu.Lock()
	over := d.over == d.serial
	late := d.serial != 0 && (d.cancel == d.serial || over) && !d.firm
	d.mu.Unlock()
	if late {
		d.interrupt(!over && d.hides())
	}
}

// cancel breaks off a call, if it is still the one under way.
func (s *Supervisor) cancel(l *link, own int, serial uint64) {
	d := s.deputyByOwn(own)
	if d == nil || !d.p.serves(l) || serial == 0 { // 0 is between two calls
		return
	}
	d.mu.Lock()
	d.cancel = serial // should it not have begun
	d.mu.Unlock()
	d.breakOff(serial)
}

// breakOff breaks off the call with this serial, if it is under way. The guest's side makes it again, as after a signal
// that another thread has taken.
func (d *deputy) breakOff(serial uint64) { d.breakOffAs(serial, d.hides()) }

func (d *deputy) breakOffAs(serial uint64, hidden bool) {
	d.mu.Lock()
	running := d.serial == serial && !d.firm
	if running {
		d.cancel = serial
	}
	d.mu.Unlock()
	if running {
		d.interrupt(hidden)
	}
}

// interrupt stops the thread for a moment, which ends what it waits for. hidden: the program is not to see that.
func (d *deputy) interrupt(hidden bool) {
	d.p.s.fam.Loop.Post(func() {
		if hidden {
			d.t.LookForRoom()
		}
		_ = d.t.InterruptInRoom()
	})
}

// hides tells whether calls are broken off for nothing that the program is to see. For a signal they are at other times; one
// that comes during a move finds a write that waits for room ended, as if it had come later.
func (d *deputy) hides() bool { return d.p.isMoving() || d.givesFirst.Load() }
