package deputy

import (
	"fmt"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// What a deputy's clone shares with its parent. Memory is shared between
// threads only: a child process's deputy has its own copy even when the guest
// side shares it for the time of a vfork, so that it can come home alone.
const (
	threadFlags    = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
	processFlags   = unix.CLONE_FS | unix.CLONE_FILES | exitSignalMask
	exitSignalMask = 0xff
)

// clone makes the deputy of a thread or process that the guest is making. The
// reply is its id; the guest then makes its own half with the same id.
func (d *deputy) clone(j job) {
	var m wire.CloneMsg
	if err := wire.Decode(j.data, &m); err != nil {
		j.link.complain("undecodable clone", "error", err)
		return
	}
	if m.Flags&unix.CLONE_PIDFD != 0 {
		if ret, ok := d.lacksDescriptor(); ret < 0 || !ok {
			if ok {
				d.reply(j, m.Serial, ret, nil)
			}
			return
		}
	}
	turn := d.p.sharing.begins(unix.SYS_CLONE)
	ret, child, ok := d.makeChild(m)
	d.p.sharing.ends(turn)
	var outs [][]byte
	if ok && ret > 0 && m.Flags&unix.CLONE_PIDFD != 0 {
		// The child cannot have ended, unless it was killed: its guest does not exist yet.
		fd, err := d.t.Call(unix.SYS_PIDFD_OPEN, uint64(ret), 0)
		ok = err == nil
		if ok && fd < 0 {
			d.p.s.log.Warn("no pidfd for a new process", "process", ret, "error", unix.Errno(-fd))
		}
		outs = [][]byte{le.AppendUint32(nil, uint32(fd))}
	}
	switch {
	case child != nil && ok:
		d.p.says()
		child.announce(j.link, d.t.Own, syscalls.AppendReply(le.AppendUint64(nil, m.Serial), ret, outs))
	case child != nil: // its maker has ended
		child.announce(j.link, 0, nil)
	case ok:
		d.reply(j, m.Serial, ret, outs)
		if ret > 0 && m.Flags&unix.CLONE_THREAD == 0 { // killed before anybody knew it
			_ = j.link.post(wire.Kill, int(ret))
		}
	}
}

// lacksDescriptor gives the error for which a new process could have no pidfd, and is then
// not made: natively the descriptor comes first.
func (d *deputy) lacksDescriptor() (ret int64, ok bool) {
	fd, err := d.t.Call(unix.SYS_PIDFD_OPEN, uint64(d.p.Own), 0)
	if err == nil && fd >= 0 {
		_, err = d.t.Call(unix.SYS_CLOSE, uint64(fd))
	}
	return fd, err == nil
}

// makeChild makes the thread, or the process, which is then returned as well, unless it
// was killed before anything was known of it. What has been made is never said not to be:
// its parent is told of its end, and waits for it.
func (d *deputy) makeChild(m wire.CloneMsg) (int64, *proc, bool) {
	s := d.p.s
	thread := m.Flags&unix.CLONE_THREAD != 0
	flags := m.Flags & threadFlags
	if !thread {
		flags = m.Flags & processFlags
	}
	d.writes = writes{} // a child shares what is open
	if !thread && flags&unix.CLONE_FS != 0 {
		d.p.sharesRoot.Store(true)
		d.p.sharesNames.Store(false)
	}
	switch {
	case !thread && flags&unix.CLONE_FILES != 0:
		d.p.sharing.joins()
	case thread && flags&unix.CLONE_FILES == 0:
		d.p.sharing.splits()
	}
	if !thread {
		d.p.sharing.gives()
		d.giveRest() // or the child has it as well
	}
	slot := d.p.Slots.New()
	if slot == nil {
		return -int64(unix.EAGAIN), nil, true
	}
	if !d.begin(m.Serial, true) {
		d.p.Slots.Free(slot)
		return restartNoIntr, nil, true
	}
	defer d.finish()
	own, ok := d.t.Issue(unix.SYS_CLONE, [6]uint64{flags, slot.Addr})
	if !ok || own <= 0 {
		d.p.Slots.Free(slot)
		return own, nil, ok
	}
	t := s.waitBorn(d.p, int(own), thread)
	if t == nil || !s.inSlot(t, slot) { // a thread has ended with its process, which is told
		d.p.Slots.Free(slot)
		return own, nil, true
	}
	p := t.Proc.Data.(*proc)
	if !thread {
		if err := p.parted(t); err != nil {
			if t.Alive() {
				s.log.Error("a new process cannot be told apart from the one that made it: killing it", "process", own, "error", err)
			}
			kill(p.PID)
			return own, p, true
		}
	}
	go s.newDeputy(p, t, d.waits).run()
	if thread {
		return own, nil, true
	}
	return own, p, true
}

// parted gives a new process slots of its own: it may have other rights soon, and be on
// another node than the process that made it.
func (p *proc) parted(t *tracee.Thread) error {
	return p.unlimited(t.OwnSlots)
}

// adoptChild enters a process that a deputy has made. Runs on the tracing thread.
func (s *Supervisor) adoptChild(pid, own int) (*proc, error) {
	status, err := s.fam.FS.Status(pid)
	if err != nil {
		return nil, err
	}
	parent := s.procByPID(status.PPid)
	if parent == nil { // CLONE_PARENT, or the parent is gone already
		return nil, fmt.Errorf("its parent %d is not of this family", status.PPid)
	}
	tp, err := s.fam.NewProcess(pid, own)
	if err != nil {
		return nil, err
	}
	tp.Base, tp.Slots = parent.Base, parent.Slots
	tp.InheritAttributes(parent.Process)
	p := &proc{Process: tp, s: s, parent: parent, homeParent: parent.PID, unborn: true}
	p.sharing.gives()
	parent.mu.Lock()
	delete(parent.dead, own) // an earlier child's number
	p.link, p.actions, p.files, p.kept, p.lockable = parent.link, parent.actions, parent.files, parent.kept, parent.lockable
	p.rss = parent.rss // a child begins with all of it
	p.arrives()
	err = p.inheritShown(parent)
	parent.mu.Unlock()
	if err != nil {
		p.unshow()
		return nil, err
	}
	p.emptied = parent.isEmptied()
	p.sharesNames.Store(parent.sharesNames.Load())
	p.sharesRoot.Store(parent.sharesRoot.Load())
	p.plain.Store(parent.plain.Load())
	tp.Data = p
	s.mu.Lock()
	s.procs[pid] = p
	s.mu.Unlock()
	_ = ptrace.SetOptions(pid, awayOptions)
	return p, nil
}
