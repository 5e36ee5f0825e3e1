package guest

import (
	"openmosix/internal/linux/ptrace"

	"golang.org/x/sys/unix"
)

// Ids here equal those at home, but for one: the first process of a container
// is 1 at home, and 1 here is the namespaces' init. Such a process gets the
// last id there is. What tells it its id is answered by the supervisor, and the
// calls in which the kernel compares that id with one in memory are made at home.

// aliasID is the highest id of a 64-bit kernel, PID_MAX_LIMIT less one. Those at
// home begin at the other end.
const aliasID = 1<<22 - 1

// initID is the id of the first process of a pid namespace.
const initID = 1

// innerID is the id in the namespace here of what has own at home.
func innerID(own int) int {
	if own == initID {
		return aliasID
	}
	return own
}

func ownID(inner int) int {
	if inner == aliasID {
		return initID
	}
	return inner
}

// underAlias answers the calls that the filter of a session with an alias
// traps besides others.
func (s *strand) underAlias(p *pending) bool {
	switch p.nr {
	case unix.SYS_GETPID:
		s.b.answer(p.id, int64(s.b.Own))
	case unix.SYS_GETTID:
		s.b.answer(p.id, int64(s.t.Own))
	case unix.SYS_SET_TID_ADDRESS, unix.SYS_FUTEX:
		if s.t.Own != initID && p.nr == unix.SYS_SET_TID_ADDRESS {
			s.b.proceed(p.id)
			return true
		}
		s.comeHome(p, "the first process of a container has its id at home alone")
	default:
		return false
	}
	return true
}

// spared tells whether a signal that would end the process does not, because
// it is the first of a container: pid_namespaces(7). Faults of its own do.
func (b *body) spared(info *ptrace.SigInfo) bool {
	if b.Own != initID {
		return false
	}
	switch unix.Signal(info.Signal()) {
	case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGTRAP, unix.SIGSYS:
		return siCode(info) <= 0
	}
	return true
}
