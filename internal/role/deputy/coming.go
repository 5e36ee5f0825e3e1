package deputy

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/pidfd"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/fetching"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A process that has come home and lacks pages still is ordinary in everything but
// this: it is traced, and dies with its supervisor; what it forks stands still, and a
// death with a core dump waits, until all pages are here. The node it has left gives
// them, from its body there, which stands still.
//
// When the supervisor dies, the kernel would give it zeros for what is missing, and it
// could write them somewhere before it is killed. So the daemon holds its userfaultfd as
// well, and lets it go when the process has ended: a pledge.

// coming is a process at home that lacks pages. It is a fetching.Side.
type coming struct {
	p    *proc
	from *link
	fd   *os.File // its userfaultfd, once more: for the daemon
	pid  *os.File // a pidfd

	all *fetching.Fetching

	mu    sync.Mutex
	born  []ptrace.Stop // its children, which lack the same pages and wait
	whole bool          // or ended: nobody has to wait any more
	held  []ptrace.Stop // signals with a core dump; each thread stands in its stop
	why   string        // it was killed for that
}

// faultDevice lets who has it open serve page faults, those that the kernel meets
// included: userfaultfd(2).
const faultDevice = "/dev/userfaultfd"

// laterHome tells whether pages may follow when a process comes home.
func laterHome(strategy supervisor.Strategy) (missing.When, error) {
	_, err := os.Stat(faultDevice)
	switch {
	case strategy == supervisor.PreCopy, err != nil && strategy == supervisor.Auto:
		return missing.Never, nil
	case err != nil:
		return missing.Never, fail(supervisor.Refused, "pages cannot be fetched later here (there is no "+faultDevice+"): leave the strategy to the nodes")
	case strategy == supervisor.PostCopy:
		return missing.Always, nil
	}
	return missing.Chosen, nil
}

// lackAtHome begins to serve what is missing here. Precondition: the threads are parked,
// and the mappings are the process's.
func (r *returning) lackAtHome(lacks []image.Range) error {
	p, leader := r.p, r.threads[0]
	fd, err := p.faults(leader, uffd.FollowChanges|uffd.EventFork)
	if err != nil {
		return err
	}
	c := &coming{p: p, from: r.link}
	if err = c.pledgeable(fd); err == nil {
		err = c.pledge()
	}
	if err != nil {
		_ = fd.Close()
		c.redeem()
		return fmt.Errorf("the daemon cannot see to it that the process does not outlive this supervisor: %w", err)
	}
	vmas, _, err := p.Mappings(nil)
	if err == nil {
		c.all, err = fetching.New(c, fd, lacks, vmas)
	} else {
		_ = fd.Close()
	}
	if err != nil {
		c.redeem()
		return err
	}
	p.s.mu.Lock()
	p.s.comings = append(p.s.comings, c)
	p.s.mu.Unlock()
	c.from.use()
	p.mu.Lock()
	p.coming = c
	p.mu.Unlock()
	r.coming = c
	return nil
}

// pledgeable prepares what the daemon is to hold.
func (c *coming) pledgeable(fd uffd.FD) error {
	again, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	c.fd = os.NewFile(uintptr(again), "userfaultfd")
	id, err := pidfd.Open(c.p.PID)
	if err != nil {
		return err
	}
	c.pid = os.NewFile(uintptr(id), "pidfd")
	return nil
}

// pledge has the daemon hold the process's faults, and end it if this supervisor ends.
func (c *coming) pledge() error {
	return c.p.s.daemon.Give(supervisor.Event{Kind: supervisor.Pledged, PID: c.p.PID}, c.fd, c.pid)
}

// redeem ends the pledge.
func (c *coming) redeem() {
	c.p.s.tell(supervisor.Event{Kind: supervisor.Redeemed, PID: c.p.PID})
	for _, f := range []*os.File{c.fd, c.pid} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// pledgeAgain pledges what the daemon before this one held.
func (s *Supervisor) pledgeAgain() {
	for _, p := range s.all() {
		if c := p.isComing(); c != nil {
			if err := c.pledge(); err != nil {
				s.log.Warn("a process that lacks pages is not pledged to the new daemon", "pid", p.PID, "error", err)
			}
		}
	}
}

// Want asks the node that the process has left.
func (c *coming) Want(m wire.WantMsg) error { return c.from.post(wire.Want, c.p.Own, wire.Encode(m)) }

// Failed ends the process.
func (c *coming) Failed(err error) { c.cut("a page of it could not be put: " + err.Error()) }

// Whole: what is to be done then, who waits for it does.
func (c *coming) Whole(*fetching.Fetching) {}

// cut ends the process, of which a part is lost, and what it has forked meanwhile.
func (c *coming) cut(why string) {
	c.mu.Lock()
	before, born := c.why, c.born
	c.why = cmp.Or(before, why)
	c.mu.Unlock()
	if before != "" {
		return
	}
	s := c.p.s
	s.log.Error("a part of a process's memory is lost: killing it", "pid", c.p.PID, "node", c.from.node, "why", why)
	s.tell(supervisor.Event{Kind: supervisor.Lost, PID: c.p.PID, Node: c.from.node, Text: why})
	kill(c.p.PID)
	for _, st := range born {
		kill(st.TID)
	}
}

// ended tells that the process has ended, and why, if that is known.
func (c *coming) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == "" {
		return tracee.ErrGone
	}
	return fail(supervisor.EndedMidway, "the process was killed: "+c.why)
}

// isComing is what a process at home lacks; nil: nothing.
func (p *proc) isComing() *coming {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.coming
}

// comingFrom is a process that has come home and of which l has pages still.
func (s *Supervisor) comingFrom(l *link, own int) *coming {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.comings { // one that has ended may have left children
		if c.from == l && c.p.Own == own {
			return c
		}
	}
	return nil
}

// fetch waits until all of the process is here. It runs meanwhile, or has ended.
func (c *coming) fetch(progress func(string, uint64, uint64)) error {
	p, total := c.p, c.all.Pages*image.PageSize
	p.s.fault.Reach(fault.HomeFetches)
	c.all.Begin()
	tick := time.NewTicker(wholeTick)
	defer tick.Stop()
	gone := c.from.gone
	var patience missing.Patience
	before := c.all.Missing()
	for {
		left := c.all.Missing()
		progress(fetchPhase, total-min(left, total), total)
		select {
		case <-c.all.Done():
			if p.ends() {
				return c.ended()
			}
			return nil
		case <-gone:
			if gone = nil; c.all.Missing() > 0 {
				c.cut("the connection to the node that still had a part of its memory was lost")
			}
		case <-tick.C: // time is counted in ticks: a machine that stood still has not waited
			if p.ends() {
				c.without()
			}
			if left > 0 && !patience.Wait(wholeTick, before-min(left, before)) {
				c.cut(fmt.Sprintf("node %d gives what it still has of it not at all, or too slowly", c.from.node))
			}
			before = left
		}
	}
}

// over ends it: the other node forgets the process, and what waited here goes on.
func (c *coming) over() {
	p, s := c.p, c.p.s
	c.all.End()
	_ = c.from.post(wire.Commit, p.Own)
	c.from.unuse()
	c.unwatch()
	c.redeem()
	p.mu.Lock()
	p.coming = nil
	p.mu.Unlock()
	s.mu.Lock()
	s.comings = slices.DeleteFunc(s.comings, func(other *coming) bool { return other == c })
	s.mu.Unlock()
	c.mu.Lock()
	held, born := c.held, c.born
	c.held, c.born, c.whole = nil, nil, true
	c.mu.Unlock()
	s.fam.Loop.Do(func() {
		for _, st := range held {
			if t := s.fam.Thread(st.TID); t != nil {
				t.Stands = false
				_ = t.GoOn(st.Value)
			}
		}
		for _, st := range born {
			s.Born(st)
		}
	})
}

// holds keeps a thread in the stop of a signal that is to dump core. Tracing thread.
func (c *coming) holds(t *tracee.Thread, st ptrace.Stop) bool {
	if !tracee.DumpsCore(st.Value) {
		return false
	}
	status, err := c.p.Family.FS.Status(c.p.PID)
	if err != nil || (status.SigCgt|status.SigIgn)>>(st.Value-1)&1 != 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = append(c.held, st)
	t.Stands = true
	return true
}

// without goes on for those that the process has forked: it has ended itself.
func (c *coming) without() {
	c.mu.Lock()
	cut := c.why != ""
	c.mu.Unlock()
	if cut {
		c.all.End()
	} else {
		c.all.Left()
	}
}

// bornWhile keeps a child that a process has made at home while pages of it are missing: the
// child lacks them as well. Tracing thread.
func (s *Supervisor) bornWhile(st ptrace.Stop, parent int) bool {
	s.mu.Lock()
	comings := slices.Clone(s.comings)
	s.mu.Unlock()
	for _, c := range comings {
		if parent == c.p.PID || c.hasLeftOne() {
			return c.keeps(st)
		}
	}
	return false
}

// hasLeftOne tells whether the process has ended, so that its children have another parent,
// and one of them is still to be kept.
func (c *coming) hasLeftOne() bool {
	forked := c.all.Forked()
	c.mu.Lock()
	kept := len(c.born)
	c.mu.Unlock()
	if forked <= kept {
		return false
	}
	status, err := c.p.Family.FS.Status(c.p.PID)
	return err != nil || status.State == 'Z' || status.State == 'X'
}

// keeps holds a child in its first stop; false: it need not wait.
func (c *coming) keeps(st ptrace.Stop) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.whole:
		return false
	case c.why != "":
		kill(st.TID)
	default:
		c.born = append(c.born, st)
	}
	return true
}

// ordinary ends the tracing of a process that is at home and whole.
func (s *Supervisor) ordinary(p *proc, waits []wait, sockets []socketWait) error {
	h, timed, err := p.stopAtHome(waits, sockets)
	if err != nil {
		return err
	}
	if s.attending.Load() {
		h.Do(func() { s.keepTraced(h.Threads()) })
		h.Release()
		p.isHome()
		return nil
	}
	s.detach(p, h, timed)
	s.drop(p, supervisor.Gone)
	return nil
}
