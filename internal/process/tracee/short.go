package tracee

import (
	"strconv"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// A read of /dev/zero or /dev/urandom gives all that is asked for, unless a signal breaks it off: then it gives the
// whole pages that it has got to. That a thread is stopped breaks it off as well, and the program must not see that: dd,
// for one, counts its reads, not what they gave. So the rest is read.

// maxRest bounds it: the process stands still meanwhile.
const maxRest = 64 << 20

// ReadRest reads it by call, if it was such a read that gave ret: the whole result.
func ReadRest(fs procfs.FS, pid, nr int, args [6]uint64, ret int64, call func(nr int, args ...uint64) (int64, error)) (int64, error) {
	count := args[2]
	if nr != unix.SYS_READ || ret <= 0 || uint64(ret) >= count || ret%image.PageSize != 0 || count-uint64(ret) > maxRest || !endless(fs, pid, args[0]) {
		return ret, nil
	}
	for uint64(ret) < count {
		more, err := call(nr, args[0], args[1]+uint64(ret), count-uint64(ret))
		if err != nil {
			return ret, err
		}
		if more <= 0 {
			break
		}
		ret += more
	}
	return ret, nil
}

// endless tells whether a descriptor of a process shows such a device.
func endless(fs procfs.FS, pid int, fd uint64) bool {
	var st unix.Stat_t
	if unix.Stat(fs.Path(pid, "fd/"+strconv.Itoa(int(int32(fd)))), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return false
	}
	const memory, zero, random, urandom = 1, 5, 8, 9
	minor := unix.Minor(st.Rdev)
	return unix.Major(st.Rdev) == memory && (minor == zero || minor == random || minor == urandom)
}

// readRest completes the call in which a thread was stopped.
func (p *Process) readRest(r *image.Regs, call func(nr int, args ...uint64) (int64, error)) error {
	if int64(r.OrigRax) < 0 {
		return nil
	}
	ret, err := ReadRest(p.Family.FS, p.PID, int(r.OrigRax), [6]uint64{r.Rdi, r.Rsi, r.Rdx}, int64(r.Rax), call)
	r.Rax = uint64(ret)
	return err
}

// ReadRests completes the calls in which the threads were stopped. They are parked.
func ReadRests(ts []*Thread, saved []image.Thread) error {
	for i, t := range ts {
		if err := t.Proc.readRest(&saved[i].Regs, t.Call); err != nil {
			return err
		}
	}
	return nil
}
