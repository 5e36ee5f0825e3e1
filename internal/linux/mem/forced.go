package mem

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Tracer is the thread that traces processes.
type Tracer interface {
	// On runs f on that thread and waits for it; at once, if that is who calls. False: it has ended.
	On(f func()) bool
}

// Forced is a Space seen with the rights of the process's tracer: pages that the process itself may not read or
// write are read and written as well, and copies are made of those of files.
//
// By /proc/pid/mem, which gives such rights on some kernels to anybody who may trace the process, on others (Linux 6.12
// and later, proc_mem.force_override=ptrace, which distributions choose) to the very thread that traces it. So it is
// always that thread that does it: a caller must not hold what a handler of stops waits for.
type Forced struct{ Space *Space }

// Read fills b from addr.
func (f Forced) Read(addr uint64, b []byte) error {
	return f.do("read", addr, b, f.Space.vmRead, (*os.File).ReadAt)
}

// Write stores b at addr.
func (f Forced) Write(addr uint64, b []byte) error {
	return f.do("write", addr, b, f.Space.vmWrite, (*os.File).WriteAt)
}

// do copies as far as that goes in the process's own right, and the rest by its tracer.
func (f Forced) do(verb string, addr uint64, b []byte, own func(uint64, []byte) (int, unix.Errno), forced func(*os.File, []byte, int64) (int, error)) error {
	s := f.Space
	n, errno := own(addr, b)
	if n == len(b) {
		return nil
	}
	if errno == unix.ESRCH {
		return s.failed(verb, addr, len(b), errno)
	}
	var err error
	rest := func() { err = s.file(addr+uint64(n), b[n:], forced) }
	if s.tracer == nil {
		rest()
	} else if !s.tracer.On(rest) {
		err = unix.ESRCH
	}
	if err != nil {
		return s.failed(verb, addr, len(b), err)
	}
	return nil
}

// file reads or writes by /proc/pid/mem. The kernel asks who traces the thread that the file is of: one that is there no more,
// as the first may have ended before the others, nobody does.
func (s *Space) file(addr uint64, b []byte, do func(*os.File, []byte, int64) (int, error)) error {
	if addr > maxAddr {
		return unix.EFAULT
	}
	mem := s.opened().mem
	if mem == nil {
		return unix.ESRCH
	}
	if task := int(s.task.Load()); task != s.pid {
		its, err := os.OpenFile(fmt.Sprintf("/proc/%d/task/%d/mem", s.pid, task), os.O_RDWR, 0)
		if err != nil {
			return unix.ESRCH
		}
		defer func() { _ = its.Close() }() // what was written is in memory
		mem = its
	}
	for len(b) > 0 {
		n, err := do(mem, b, int64(addr))
		if n == 0 {
			return noProgress(err)
		}
		b, addr = b[n:], addr+uint64(n)
	}
	return nil
}
