package guest

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// robustHead is the address of a thread's list of robust futexes: get_robust_list(2).
func robustHead(tid int) (uint64, bool) {
	var head, length uint64
	_, _, errno := unix.Syscall(unix.SYS_GET_ROBUST_LIST, uintptr(tid), uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&length)))
	return head, errno == 0
}
