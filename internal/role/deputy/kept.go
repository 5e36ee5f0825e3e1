package deputy

import (
	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/refusal"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// Kept signals are above all those that a descriptor of the process gives
// (signalfd), or that it waits for by name besides. They stay pending here while the guest
// blocks them: each deputy blocks of them what its thread blocks.

// movable tells why a process that stands still cannot move with what it has open, though it could when it
// was looked at: nil if nothing of that hinders. What shows its own memory is closed again soon.
func (p *proc) movable(fds []procfs.FD) error {
	st, err := p.Family.FS.Status(p.PID)
	if err != nil {
		return err
	}
	f := refusal.Facts{PID: p.PID, Numbers: st.NSpid, Supervised: true}
	for i := range fds {
		f.Descriptors = append(f.Descriptors, refusal.Descriptor{Number: fds[i].Number, Target: fds[i].Target})
	}
	found := refusal.JudgeDescriptors(f)
	switch {
	case len(found) == 0:
		return nil
	case len(found) == 1 && found[0].Code == refusal.MemoryFile:
		return fail(supervisor.Busy, found[0].String())
	}
	return fail(supervisor.CannotMove, found[0].String())
}

// keptSignals are the signals that the process's descriptors give. And in a
// process of several threads the real-time signals that some of them block: they
// keep their order only if no other deputy takes them than that of a thread which
// would. (Deputies that take signals at the same time report them in any order.)
func keptSignals(fds []procfs.FD, ths []image.Thread) uint64 {
	var all uint64
	for i := range fds {
		if fds[i].Target == "anon_inode:[signalfd]" {
			all |= fds[i].SigMask
		}
	}
	const realTime = 0xffff_fffe_0000_0000 // from 34: the two below are the C library's own
	if len(ths) > 1 {
		for i := range ths {
			all |= ths[i].Mask & realTime
		}
	}
	return all
}

// staying are the kept signals that every thread blocks: they do not travel.
func staying(img *image.Image) uint64 {
	all := img.Kept
	for i := range img.Threads {
		all &= img.Threads[i].Blocks
	}
	return all
}

// follow has the deputy block what its thread blocks of the kept signals.
func (d *deputy) follow(mask uint64) {
	d.p.mu.Lock()
	mask &= d.p.kept
	d.p.mu.Unlock()
	if mask != d.waits {
		d.waits = mask
		d.setMask(mask)
	}
}

// mayGive notes the signals of a descriptor that is about to be made or
// changed, or that are to be waited for by name, here.
func (d *deputy) mayGive(c *syscalls.Call) {
	arg := int8(0)
	switch c.Nr {
	case unix.SYS_SIGNALFD, unix.SYS_SIGNALFD4:
		arg = 1
	case unix.SYS_RT_SIGTIMEDWAIT:
	default:
		return
	}
	for i := range c.Segs {
		if in := c.Segs[i].In; c.Segs[i].Arg == arg && len(in) >= 8 {
			d.p.mu.Lock()
			d.p.kept |= le.Uint64(in)
			d.p.mu.Unlock()
		}
	}
}

// blocked: the guest's thread is about to have another mask. Signals that it
// does not block any more are on their way before the reply is.
func (d *deputy) blocked(j job) {
	if len(j.data) != 16 {
		return
	}
	d.follow(le.Uint64(j.data[8:]))
	if serial := le.Uint64(j.data); serial != 0 {
		d.reply(j, serial, 0, nil)
	}
}

// keep makes signals pending here that had been passed on to the guest.
func (d *deputy) keep(j job) {
	const one = 1 + len(ptrace.SigInfo{})
	if len(j.data) < 8 {
		return
	}
	serial := le.Uint64(j.data)
	d.p.mu.Lock()
	kept := d.p.kept
	d.p.mu.Unlock()
	for b := j.data[8:]; len(b) >= one; b = b[one:] {
		var info ptrace.SigInfo
		copy(info[:], b[1:one])
		if sig := info.Signal(); sig < 1 || sig > 64 || kept>>(sig-1)&1 == 0 {
			j.link.complain("the guest side sends a signal back that is not kept here", "thread", d.t.Own, "signal", sig)
			continue
		}
		if err := d.t.QueueSignal(info, b[0] != 0); err != nil {
			d.p.s.log.Warn("signal not kept", "thread", d.t.Own, "error", err)
		}
	}
	d.reply(j, serial, 0, nil)
}
