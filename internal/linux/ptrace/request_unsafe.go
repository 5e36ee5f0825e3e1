package ptrace

import (
	"encoding/binary"
	"runtime"
	"unsafe"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Options for Seize and SetOptions (PTRACE_O_* in linux/ptrace.h).
const (
	SysGood    = 0x1
	TraceFork  = 0x2
	TraceVfork = 0x4
	TraceClone = 0x8
	TraceExec  = 0x10
	ExitKill   = 0x100000
)

const (
	reqPokeUser    = 6
	reqCont        = 7
	reqSingleStep  = 9
	reqGetRegs     = 12
	reqSetRegs     = 13
	reqDetach      = 17
	reqSyscall     = 24
	reqSetOptions  = 0x4200
	reqGetEventMsg = 0x4201
	reqGetSigInfo  = 0x4202
	reqSetSigInfo  = 0x4203
	reqGetRegset   = 0x4204
	reqSetRegset   = 0x4205
	reqSeize       = 0x4206
	reqInterrupt   = 0x4207
	reqListen      = 0x4208
	reqPeekSigInfo = 0x4209
	reqGetDispatch = 0x4211 // since Linux 6.4
	reqGetSigMask  = 0x420a
	reqSetSigMask  = 0x420b
	reqGetFilter   = 0x420c
	reqGetRseq     = 0x420f

	noteXState = 0x202 // NT_X86_XSTATE
	wall       = 0x40000000
)

// request makes one ptrace(2) request. What data points to must be on the heap: a stack may grow,
// and be somewhere else, between a caller's conversion to uintptr and the call.
//
//go:uintptrescapes
func request(req, tid int, addr, data uintptr) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// seize attaches without stopping. It may wait: see Loop.Seize.
func seize(tid, options int) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, reqSeize, uintptr(tid), 0, uintptr(options), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// Interrupt makes a running tracee report an Interrupted stop.
func Interrupt(tid int) error { return request(reqInterrupt, tid, 0, 0) }

// Listen leaves a tracee in its job-control stop, so that SIGCONT can end it.
func Listen(tid int) error { return request(reqListen, tid, 0, 0) }

// Continue resumes a stopped tracee and delivers sig unless it is 0.
func Continue(tid, sig int) error { return request(reqCont, tid, 0, uintptr(sig)) }

// ContinueToSyscall resumes until the next entry or exit of a system call.
func ContinueToSyscall(tid, sig int) error { return request(reqSyscall, tid, 0, uintptr(sig)) }

// SingleStep resumes for one instruction.
func SingleStep(tid int) error { return request(reqSingleStep, tid, 0, 0) }

// Detach lets a stopped tracee go, delivering sig unless it is 0.
func Detach(tid, sig int) error { return request(reqDetach, tid, 0, uintptr(sig)) }

// The debug registers in struct user (sys/user.h), and what the seventh says to
// have a thread stop where the first one points, before it executes that.
const (
	userDebug0     = 848
	userDebug7     = userDebug0 + 7*8
	breakAtFirst   = 1
	noBreakpoints  = 0
	TrapBreakpoint = 4 // TRAP_HWBKPT: si_code of the SIGTRAP of that stop
)

// BreakAt has a stopped tracee stop with SIGTRAP before it executes the
// instruction at addr: by a register of the processor, so nothing of its memory
// changes. An execve ends that.
func BreakAt(tid int, addr uint64) error {
	if err := request(reqPokeUser, tid, userDebug0, uintptr(addr)); err != nil {
		return err
	}
	return request(reqPokeUser, tid, userDebug7, breakAtFirst)
}

// Unbreak takes that back.
func Unbreak(tid int) error {
	if err := request(reqPokeUser, tid, userDebug7, noBreakpoints); err != nil {
		return err
	}
	return request(reqPokeUser, tid, userDebug0, 0)
}

// SetOptions replaces the options given at Seize.
func SetOptions(tid, options int) error { return request(reqSetOptions, tid, 0, uintptr(options)) }

// EventMessage is the value that goes with an Event stop, such as the new thread's id.
func EventMessage(tid int) (uint64, error) {
	var v uint64
	err := request(reqGetEventMsg, tid, 0, uintptr(unsafe.Pointer(&v)))
	return v, err
}

// Regs reads the general registers.
func Regs(tid int) (image.Regs, error) {
	var r image.Regs
	err := request(reqGetRegs, tid, 0, uintptr(unsafe.Pointer(&r)))
	return r, err
}

// SetRegs writes the general registers.
func SetRegs(tid int, r image.Regs) error {
	return request(reqSetRegs, tid, 0, uintptr(unsafe.Pointer(&r)))
}

type iovec struct {
	base *byte
	len  uint64
}

// maxXState bounds the extended state: AMX needs 11 KB, no CPU more than this.
const maxXState = 64 << 10

// XState reads the extended registers, as many bytes as the CPU has.
func XState(tid int) ([]byte, error) {
	b := make([]byte, maxXState)
	v := iovec{&b[0], maxXState}
	err := request(reqGetRegset, tid, noteXState, uintptr(unsafe.Pointer(&v)))
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), b[:v.len]...), nil
}

// SetXState writes the extended registers.
func SetXState(tid int, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	v := iovec{&b[0], uint64(len(b))}
	err := request(reqSetRegset, tid, noteXState, uintptr(unsafe.Pointer(&v)))
	runtime.KeepAlive(b)
	return err
}

// SigMask reads the blocked signals, bit 0 for signal 1.
func SigMask(tid int) (uint64, error) {
	var m uint64
	err := request(reqGetSigMask, tid, 8, uintptr(unsafe.Pointer(&m)))
	return m, err
}

// SetSigMask replaces the blocked signals.
func SetSigMask(tid int, m uint64) error {
	return request(reqSetSigMask, tid, 8, uintptr(unsafe.Pointer(&m)))
}

// SigInfo is the kernel's siginfo_t, byte for byte.
type SigInfo [128]byte

// GetSigInfo reads the siginfo of the signal a tracee is stopped for.
func GetSigInfo(tid int) (SigInfo, error) {
	var si SigInfo
	err := request(reqGetSigInfo, tid, 0, uintptr(unsafe.Pointer(&si)))
	return si, err
}

// InEventStop tells whether a tracee stands in a stop that no signal or call of
// its own has caused: PTRACE_EVENT_STOP is in the code of its siginfo.
func InEventStop(tid int) bool {
	si, err := GetSigInfo(tid)
	return err == nil && int32(binary.LittleEndian.Uint32(si[8:]))>>8 == eventStop
}

// SetSigInfo replaces it.
func SetSigInfo(tid int, si *SigInfo) error {
	return request(reqSetSigInfo, tid, 0, uintptr(unsafe.Pointer(si)))
}

type peekArgs struct {
	off   uint64
	flags uint32
	nr    int32
}

// PendingSignals lists queued signals without taking them: the process's
// (shared) or the thread's own.
func PendingSignals(tid int, shared bool) ([]SigInfo, error) {
	var all []SigInfo
	buf := make([]SigInfo, 16)
	for {
		a := peekArgs{off: uint64(len(all)), nr: int32(len(buf))}
		if shared {
			a.flags = 1
		}
		n, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, reqPeekSigInfo, uintptr(tid), uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&buf[0])), 0, 0)
		if errno != 0 {
			return all, errno
		}
		if n == 0 { // fewer than asked for are not the last: the kernel stops early when the tracer has a signal
			return all, nil
		}
		all = append(all, buf[:n]...)
	}
}

// RseqConfig reads the restartable-sequence registration; zero when there is none.
func RseqConfig(tid int) (image.Rseq, error) {
	var c struct {
		addr                  uint64
		size, sig, flags, pad uint32
	}
	err := request(reqGetRseq, tid, unsafe.Sizeof(c), uintptr(unsafe.Pointer(&c)))
	return image.Rseq{Addr: c.addr, Size: c.size, Sig: c.sig}, err
}

// Dispatches tells whether system calls of a stopped thread are given to itself: PR_SET_SYSCALL_USER_DISPATCH, prctl(2).
func Dispatches(tid int) bool {
	var c struct{ mode, selector, offset, length uint64 }
	err := request(reqGetDispatch, tid, unsafe.Sizeof(c), uintptr(unsafe.Pointer(&c)))
	return err == nil && c.mode != 0
}

// RobustList reads the head of a thread's list of robust futexes: get_robust_list(2).
func RobustList(tid int) (head, size uint64, err error) {
	_, _, errno := unix.RawSyscall(unix.SYS_GET_ROBUST_LIST, uintptr(tid), uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0, 0, errno
	}
	return head, size, nil
}

// waitAny takes one report of any tracee or child, without waiting. used is
// the CPU time, microseconds, of one that has ended.
func waitAny() (tid int, status uint32, used int64, ok bool) {
	for {
		var s uint32
		var u unix.Rusage
		r, _, errno := unix.RawSyscall6(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&s)), wall|unix.WNOHANG, uintptr(unsafe.Pointer(&u)), 0, 0)
		if errno == unix.EINTR {
			continue
		}
		return int(r), s, (u.Utime.Nano() + u.Stime.Nano()) / 1000, errno == 0 && int(r) > 0
	}
}

// reapAny takes one report of a tracee or child that has ended, and of no other, without waiting.
func reapAny() (Stop, bool) {
	for {
		var info [128]byte // siginfo_t of SIGCHLD
		var u unix.Rusage
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOHANG|wall, uintptr(unsafe.Pointer(&u)), 0)
		if errno == unix.EINTR {
			continue
		}
		const codeAt, pidAt, statusAt = 8, 16, 24
		field := func(at int) int { return int(int32(binary.LittleEndian.Uint32(info[at:]))) }
		if errno != 0 || field(pidAt) == 0 {
			return Stop{}, false
		}
		s := Stop{TID: field(pidAt), Kind: Killed, Value: field(statusAt), Micros: (u.Utime.Nano() + u.Stime.Nano()) / 1000}
		switch field(codeAt) {
		case cldExited:
			s.Kind = Exited
		case cldDumped:
			s.Core = true
		}
		return s, true
	}
}

// Of si_code.
const cldExited, cldDumped = 1, 3

// peekAny waits until some tracee or child has a report, and leaves it there.
// False: there is nobody to wait for.
func peekAny() bool {
	for {
		var info [128]byte
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)), unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT|wall, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		return errno == 0
	}
}

// Unreported tells whether a tracee has a report that nobody has taken.
func Unreported(tid int) bool {
	var info [128]byte
	_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, unix.P_PID, uintptr(tid), uintptr(unsafe.Pointer(&info)), unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT|unix.WNOHANG|wall, 0, 0)
	return errno == 0 && *(*int32)(unsafe.Pointer(&info[0])) != 0
}
