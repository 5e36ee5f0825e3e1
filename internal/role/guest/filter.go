package guest

import (
	"openmosix/internal/linux/notify"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// filter puts the body under its filter, all threads at once.
func (s *strand) filter() error {
	g := s.b.g
	const progOff = 64
	var prog []notify.Instr
	more := syscalls.Notified{Alias: g.alias, Masks: s.b.kept.Load() != 0, Joint: s.b.joins.Load()}
	for _, i := range syscalls.Filter(uint32(s.b.Base>>32), more) {
		prog = append(prog, notify.Instr{Code: i.Code, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	t := s.t
	at := t.WindowAddr() + progOff
	bytes, err := notify.FilterBytes(prog, at)
	if err != nil {
		return err
	}
	t.Put(progOff, bytes)
	const setModeFilter = 1
	fd, err := t.Must("install the filter", unix.SYS_SECCOMP, setModeFilter, filterFlags, at)
	if err != nil {
		return err
	}
	ours, err := tracee.Borrow(s.b.PID, int(fd))
	if err != nil {
		return err
	}
	if err := notify.SetSyncWakeUp(ours); err != nil {
		g.log.Debug("no synchronous wake-up", "error", err)
	}
	s.b.listener.Store(int32(ours))
	go g.receive(ours)
	_, err = t.Must("close the listener", unix.SYS_CLOSE, uint64(fd))
	return err
}

const filterFlags = unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
