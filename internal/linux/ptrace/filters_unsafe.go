package ptrace

import (
	"errors"
	"unsafe"

	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// Filters are the seccomp filters that a stopped thread is under. EACCES: who
// asks is no administrator of the machine, or under a filter itself.
func Filters(tid int) ([][]syscalls.Instr, error) {
	var all [][]syscalls.Instr
	for {
		size, err := filter(tid, len(all), nil)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) { // it is in no such mode, or has no more of them
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		one := make([]syscalls.Instr, size)
		if _, err := filter(tid, len(all), one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

// filter reads one of them, the last installed being number 0; without a place for it, only its length.
func filter(tid, number int, to []syscalls.Instr) (int, error) {
	size, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, reqGetFilter, uintptr(tid), uintptr(number), uintptr(unsafe.Pointer(unsafe.SliceData(to))), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(size), nil
}
