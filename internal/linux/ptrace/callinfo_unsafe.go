package ptrace

import (
	"encoding/binary"
	"errors"
	"runtime"
	"unsafe"
)

// CallInfo is what a thread in a system call stop is about to do, or has done.
type CallInfo struct {
	Entry bool   // the call is still to be made
	Arch  uint32 // AUDIT_ARCH_…
	Nr    int
	Args  [6]uint64
}

// ArchX8664 is AUDIT_ARCH_X86_64.
const ArchX8664 = 0xc000003e

const (
	reqGetSyscallInfo = 0x420e

	callEntry, callExit = 1, 2
	callInfoSize        = 88 // struct ptrace_syscall_info
)

// Call asks for it (PTRACE_GET_SYSCALL_INFO).
func Call(tid int) (CallInfo, error) {
	b := make([]byte, callInfoSize)
	err := request(reqGetSyscallInfo, tid, callInfoSize, uintptr(unsafe.Pointer(&b[0])))
	runtime.KeepAlive(b)
	if err != nil {
		return CallInfo{}, err
	}
	c := CallInfo{Entry: b[0] == callEntry, Arch: binary.LittleEndian.Uint32(b[4:])}
	if !c.Entry {
		if b[0] != callExit {
			return c, errors.New("the thread does not stand at a system call")
		}
		return c, nil
	}
	c.Nr = int(int32(binary.LittleEndian.Uint64(b[24:])))
	for i := range c.Args {
		c.Args[i] = binary.LittleEndian.Uint64(b[32+8*i:])
	}
	return c, nil
}
