// Package abi holds the facts of Linux's x86-64 binary interface that several
// floors share: error numbers, the sizes the kernel gives its structures, flag
// bits and ioctl request numbers. It is a dictionary: no behaviour beyond
// naming, no OS, no clock, nothing to own.
package abi

import "strconv"

// Errno is the result of a call as the call path carries it: 0 is success.
// The kernel's private restart codes are values of this type too, because a
// forwarded call may end in one and the guest's own kernel acts on it.
type Errno uint16

const (
	OK           Errno = 0
	EPERM        Errno = 1
	ENOENT       Errno = 2
	EINTR        Errno = 4
	EIO          Errno = 5
	EBADF        Errno = 9
	EAGAIN       Errno = 11
	ENOMEM       Errno = 12
	EACCES       Errno = 13
	EFAULT       Errno = 14
	EINVAL       Errno = 22
	ENOTTY       Errno = 25
	ENAMETOOLONG Errno = 36
	ENOSYS       Errno = 38
	EMSGSIZE     Errno = 90
	EOPNOTSUPP   Errno = 95

	// ERESTARTSYS: restart if the handler has SA_RESTART, else EINTR.
	ERESTARTSYS Errno = 512
	// ERESTARTNOINTR: restart always.
	ERESTARTNOINTR Errno = 513
	// ERESTARTNOHAND: restart only if no handler runs.
	ERESTARTNOHAND Errno = 514
	// ERESTARTRESTARTBLOCK: restart through restart_syscall, which knows what is left of the time.
	ERESTARTRESTARTBLOCK Errno = 516
)

// Result is the value a call that failed with e leaves in rax.
func (e Errno) Result() int64 { return -int64(e) }

// Restart tells whether a result is one of the kernel's private restart codes.
func Restart(ret int64) bool { return ret >= -516 && ret <= -512 && ret != -515 }

func (e Errno) Error() string { return e.String() }

func (e Errno) String() string {
	switch e {
	case OK:
		return "success"
	case EPERM:
		return "EPERM"
	case ENOENT:
		return "ENOENT"
	case EINTR:
		return "EINTR"
	case EIO:
		return "EIO"
	case EBADF:
		return "EBADF"
	case EAGAIN:
		return "EAGAIN"
	case ENOMEM:
		return "ENOMEM"
	case EACCES:
		return "EACCES"
	case EFAULT:
		return "EFAULT"
	case EINVAL:
		return "EINVAL"
	case ENOTTY:
		return "ENOTTY"
	case ENAMETOOLONG:
		return "ENAMETOOLONG"
	case ENOSYS:
		return "ENOSYS"
	case EMSGSIZE:
		return "EMSGSIZE"
	case EOPNOTSUPP:
		return "EOPNOTSUPP"
	case ERESTARTSYS:
		return "ERESTARTSYS"
	case ERESTARTNOINTR:
		return "ERESTARTNOINTR"
	case ERESTARTNOHAND:
		return "ERESTARTNOHAND"
	case ERESTARTRESTARTBLOCK:
		return "ERESTART_RESTARTBLOCK"
	}
	return "errno " + strconv.Itoa(int(e))
}
