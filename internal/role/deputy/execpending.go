package deputy

import (
	"time"

	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// Pending signals stay pending over execve(2). Those of the guest are pending in
// its body, which does not come along: they come with the strings, and the
// deputy makes them pending for itself, all signals being blocked, before it
// executes.

// staleTries is how often in a row an execve waits for signals on their way.
const staleTries = 100

// upToDate tells whether the guest side knew all signals that have been passed on
// to it. Otherwise one is on its way, and the call is made again. Precondition:
// the deputy's thread blocks all signals.
func (p *proc) upToDate(m *wire.ExecMsg) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count == m.Seen
}

// carried are the signals that come with an execve by one thread.
type carried struct {
	d    *deputy
	list []tracee.Pending
	set  uint64
}

func (d *deputy) carry(m *wire.ExecMsg) carried {
	c := carried{d: d}
	for _, s := range m.Signals {
		one := tracee.Pending{Own: s.TID}
		if s.TID != 0 && s.TID != d.t.Own {
			continue // another thread's own end with it
		}
		copy(one.Info[:], s.Info)
		if sig := one.Signal(); sig >= 1 && sig <= 64 {
			c.list = append(c.list, one)
			c.set |= 1 << (sig - 1)
		}
	}
	return c
}

// queue makes them pending: to be taken before what has come here meanwhile.
func (c *carried) queue() error { return c.give(c.list) }

// takeBack undoes queue: the execve has failed, and they are pending at the guest still.
func (c *carried) takeBack() error {
	if len(c.list) == 0 {
		return nil
	}
	here, err := c.d.p.TakePending([]*tracee.Thread{c.d.t}, c.set)
	if err != nil {
		return err
	}
	ours := map[[128]byte]int{}
	for _, one := range c.list {
		ours[one.Info]++
	}
	var rest []tracee.Pending
	for _, one := range here {
		if ours[one.Info] > 0 {
			ours[one.Info]--
			continue
		}
		rest = append(rest, one)
	}
	return c.give(rest)
}

// give queues signals. Real-time signals go to the thread itself, which takes its
// own before the process's: others may send more at the same time.
func (c *carried) give(list []tracee.Pending) error {
	const firstRealTime = 32
	for _, one := range list {
		if err := c.d.t.QueueSignal(one.Info, one.Own != 0 || one.Signal() >= firstRealTime); err != nil {
			return err
		}
	}
	return nil
}

// seal leaves all signals blocked until the thread makes its execve again, so that no
// more come in between; should it not, for a while.
func (d *deputy) seal() {
	d.sealed = true
	time.AfterFunc(sealLimit, func() { d.use(d.unseal) })
}

const sealLimit = time.Second

// unseal lets signals through again. The slot's user.
func (d *deputy) unseal() {
	if d.sealed {
		d.sealed = false
		d.setMask(d.waits)
	}
}
