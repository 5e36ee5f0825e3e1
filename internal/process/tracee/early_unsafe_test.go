package tracee

import "unsafe"

func startOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }
