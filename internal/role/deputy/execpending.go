package deputy

import (
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

// queue makes them pending, before what has come here of their kind meanwhile.
func (c *carried) queue() error {
	return c.replace(func(here []tracee.Pending) []tracee.Pending { return append(c.list, here...) })
}

// takeBack undoes queue: the execve has failed, and they are pending at the guest still.
func (c *carried) takeBack() error {
	ours := map[tracee.Pending]int{}
	for _, one := range c.list {
		ours[one]++
	}
	return c.replace(func(here []tracee.Pending) []tracee.Pending {
		var rest []tracee.Pending
		for _, one := range here {
			if ours[one] > 0 {
				ours[one]--
				continue
			}
			rest = append(rest, one)
		}
		return rest
	})
}

func (c *carried) replace(by func([]tracee.Pending) []tracee.Pending) error {
	if len(c.list) == 0 {
		return nil
	}
	ts := []*tracee.Thread{c.d.t}
	here, err := c.d.p.TakePending(ts, c.set)
	if err != nil {
		return err
	}
	return c.d.p.Requeue(ts, by(here))
}
