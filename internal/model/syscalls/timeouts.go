package syscalls

import (
	"encoding/binary"
	"slices"
	"time"
)

// MillisecondTimeout names the argument that is a time-out in milliseconds.
func MillisecondTimeout(nr int) (arg int, ok bool) {
	switch nr {
	case 232, 281: // epoll_wait epoll_pwait
		return 3, true
	case pollNr:
		return 2, true
	}
	return 0, false
}

const pollNr = 7

// TimespecTimeout names the argument that points to a relative time which the
// kernel does not write back when the call is interrupted.
func TimespecTimeout(nr int, args [6]uint64) (arg int, ok bool) {
	switch nr {
	case 35: // nanosleep
		return 0, true
	case 230: // clock_nanosleep
		const absolute = 1
		return 2, args[1]&absolute == 0
	case 128: // rt_sigtimedwait
		return 2, args[2] != 0
	case 220, 441: // semtimedop epoll_pwait2
		return 3, args[3] != 0
	}
	return 0, false
}

// AtOnce makes a call that waits for descriptors under a signal mask one that only looks. False: it is none, or gives a time that the
// kernel refuses.
func (c *Call) AtOnce() bool {
	arg := 0
	switch c.Nr {
	case 281: // epoll_pwait
		c.Args[3] = 0
		return true
	case 270: // pselect6
		arg = 4
	case 271: // ppoll
		arg = 2
	case 441: // epoll_pwait2
		arg = 3
	default:
		return false
	}
	none := Segment{Arg: int8(arg), In: make([]byte, 16), Size: 16}
	at := slices.IndexFunc(c.Segs, func(s Segment) bool { return int(s.Arg) == arg })
	if at < 0 {
		c.Segs = append(c.Segs, none)
		return c.Args[arg] == 0
	}
	_, valid := Timespec(c.Segs[at].In)
	if valid {
		c.Segs[at] = none
	}
	return valid
}

// longest bounds a time, so that no sum overflows.
const longest = 1 << 31

// Timespec reads a struct timespec; false: the kernel refuses it.
func Timespec(b []byte) (time.Duration, bool) {
	if len(b) < 16 {
		return 0, false
	}
	sec, nsec := int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))
	if sec < 0 || nsec < 0 || nsec >= int64(time.Second) {
		return 0, false
	}
	return time.Duration(min(sec, longest))*time.Second + time.Duration(nsec), true
}
