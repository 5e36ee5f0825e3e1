package notify

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Confine puts all threads of this process under a filter without a listener,
// for good. Precondition: no_new_privs is set: seccomp(2).
func Confine(program []Instr) error {
	room := make([]byte, fprogSize+instrSize*len(program))
	b, err := FilterBytes(program, uint64(uintptr(unsafe.Pointer(&room[0]))))
	if err != nil {
		return err
	}
	copy(room, b)
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, SetModeFilter, FlagTSync, uintptr(unsafe.Pointer(&room[0])))
	runtime.KeepAlive(room)
	switch {
	case errno != 0:
		return fmt.Errorf("install a filter: %w", errno)
	case thread != 0:
		return fmt.Errorf("install a filter: thread %d cannot take it", thread)
	}
	return nil
}
