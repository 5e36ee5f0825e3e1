// Package notify speaks the supervisor's side of seccomp user notification:
// a thread makes a call that its filter hands out, the supervisor receives it,
// and answers with a result, an error or leave to go on.
//
// How the kernel behaves, and what follows for callers:
//
//   - Several OS threads should sit in Recv at once; one notification goes to
//     exactly one of them.
//   - A listener made with FlagWaitKillableRecv keeps signals (and ptrace
//     interrupts) away from a caller whose notification was received, until
//     the answer. Without it any signal cancels the call although its work may
//     be half done.
//   - The answers -512 … -514 (the kernel's restart codes) get the native
//     restart or EINTR, but only in a thread that has a signal pending;
//     otherwise the program sees errno 512.
//   - What Notification points to in the caller's memory may be changed by
//     other threads at any time: read once, and judge what was read.
//
// Nothing here decides about calls; nothing is kept between calls. Recv, Send
// and Continue allocate nothing.
package notify

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Notification is struct seccomp_notif: a call that waits for an answer.
type Notification struct {
	ID    uint64
	Pid   uint32 // the thread's number in the supervisor's pid namespace
	Flags uint32
	Nr    int32
	Arch  uint32
	IP    uint64
	Args  [6]uint64
}

// ErrCancelled: the call to be answered is over; its thread died or a signal
// took it out of the wait.
var ErrCancelled = errors.New("the call was cancelled")

// ErrClosed: no thread uses the filter any more, so no call will ever come.
var ErrClosed = errors.New("no thread is left under the filter")

// Operation and flags of seccomp(2).
const (
	SetModeFilter = 1

	FlagTSync            = 1 << 0
	FlagNewListener      = 1 << 3
	FlagTSyncESRCH       = 1 << 4 // needed with both of the above
	FlagWaitKillableRecv = 1 << 5
)

// Actions of a filter; RetErrno takes the errno, RetTrace a message, in the low 16 bits.
const (
	RetKillProcess = 0x80000000
	RetKillThread  = 0x00000000
	RetTrap        = 0x00030000
	RetErrno       = 0x00050000
	RetUserNotif   = 0x7fc00000
	RetTrace       = 0x7ff00000
	RetAllow       = 0x7fff0000
)

// Where a filter finds things: offsets in struct seccomp_data. It loads 32 bits at a time.
const (
	DataNr   = 0
	DataArch = 4
	DataIP   = 8  // low half, high half at +4
	DataArgs = 16 // argument i at +8*i, low half first
)

// ArchX8664 is what DataArch holds for the 64-bit (and x32) calls.
const ArchX8664 = 0xc000003e

// Instr is struct sock_filter: one instruction of a filter.
type Instr struct {
	Code   uint16
	Jt, Jf uint8
	K      uint32
}

const (
	fprogSize       = 16
	instrSize       = 8
	maxInstructions = 4096 // BPF_MAXINSNS
)

// FilterBytes encodes struct sock_fprog with its instructions behind it, to be
// written at addr of the process that is to make the seccomp call: addr is
// then the call's last argument.
func FilterBytes(program []Instr, addr uint64) ([]byte, error) {
	if len(program) == 0 || len(program) > maxInstructions {
		return nil, fmt.Errorf("encode filter: %d instructions, the kernel takes 1 to %d", len(program), maxInstructions)
	}
	b := make([]byte, 0, fprogSize+instrSize*len(program))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(program))) // 16 bits of length and padding
	b = binary.LittleEndian.AppendUint64(b, addr+fprogSize)
	for _, i := range program {
		b = binary.LittleEndian.AppendUint16(b, i.Code)
		b = append(b, i.Jt, i.Jf)
		b = binary.LittleEndian.AppendUint32(b, i.K)
	}
	return b, nil
}

// Recv waits for a call. It overwrites n, which the caller may reuse.
func Recv(fd int, n *Notification) error {
	for {
		*n = Notification{} // the kernel insists on zeros
		switch errno := recv(fd, n); errno {
		case 0:
			return nil
		case unix.EINTR: // Go's own preemption signals
		case unix.ENOENT:
			// A call that was cancelled on its way to us, or the end.
			if ended(fd) {
				return ErrClosed
			}
		default:
			return fmt.Errorf("receive notification: %w", errno)
		}
	}
}

// ended tells whether the last thread under the filter is gone.
func ended(fd int) bool {
	poll := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll[:], 0)
	return err == nil && n == 1 && poll[0].Revents&unix.POLLHUP != 0
}

// Send answers a call: with val when errno is 0, else with -errno. A restart
// code is given as 512, 513 or 514.
func Send(fd int, id uint64, val int64, errno unix.Errno) error {
	if errno != 0 {
		val = 0
	}
	return answer(fd, response{id: id, val: val, error: -int32(errno)})
}

// Continue lets the kernel make the call as if there were no filter. The
// arguments in memory may have changed since they were looked at: never let a
// call go on because of what its pointers point to.
func Continue(fd int, id uint64) error {
	return answer(fd, response{id: id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE})
}

func answer(fd int, r response) error {
	for {
		switch errno := send(fd, &r); errno {
		case 0:
			return nil
		case unix.EINTR:
		case unix.ENOENT:
			return ErrCancelled
		default:
			return fmt.Errorf("answer notification: %w", errno)
		}
	}
}

// IDValid tells whether the call still waits. Ask after opening anything by
// the thread's number, which may have been reused in between.
func IDValid(fd int, id uint64) bool {
	for {
		if errno := idValid(fd, &id); errno != unix.EINTR {
			return errno == 0
		}
	}
}

// SetSyncWakeUp tells the kernel that caller and supervisor take turns, so
// that it keeps them on one CPU: a tenth of the time per call.
func SetSyncWakeUp(fd int) error {
	if err := setFlags(fd, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP); err != 0 {
		return fmt.Errorf("set flags of listener: %w", err)
	}
	return nil
}
