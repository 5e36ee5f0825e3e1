package syscalls

import (
	"encoding/binary"
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
