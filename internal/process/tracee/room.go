package tracee

import (
	"math/bits"
	"slices"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/ptrace"

	"golang.org/x/sys/unix"
)

// A write that waits for room in a pipe or at a socket is ended by any stop of its thread, and says how much has been
// written: less than all. A program must not see that it was stopped, and some take it for an error. How much has
// been written so far nobody can tell before, so that the rest could be written later. But room can be made: the
// kernel takes the rest at once then, and the write ends as it would have. When the reader has caught up, the pipe or socket
// gets the size back that it had.

// room is what a thread waits for in a write.
type room struct {
	fd     int // borrowed
	number int // of the descriptor in the process
	bytes  int // more are needed, at most
	file   unix.Stat_t
	// widen widens the pipe or socket, and tells the size that it had.
	widen func() (was int, err error)
	// narrow gives it this size again, when it has been widened.
	narrow func(fd, was int) error
	// late: the kernel looks whether the thread is to stop before it looks for room.
	late bool
}

// writes tells which descriptor a call writes to, and how many bytes at most.
func writes(nr int, args [6]uint64) (fd, bytes int, ok bool) {
	const unknown = 256 << 10 // it is in memory how many
	most := func(n uint64) int { return int(min(n, mostRoom)) }
	switch nr {
	case unix.SYS_WRITE:
		return int(int32(args[0])), most(args[2]), true
	case unix.SYS_SENDTO:
		return int(int32(args[0])), most(args[2]), args[3]&unix.MSG_DONTWAIT == 0
	case unix.SYS_SENDMSG:
		return int(int32(args[0])), unknown, args[2]&unix.MSG_DONTWAIT == 0
	case unix.SYS_WRITEV, unix.SYS_PWRITEV2:
		return int(int32(args[0])), unknown, true
	}
	return 0, 0, false
}

const (
	// mostRoom bounds what is made.
	mostRoom = 16 << 20
	// mostLooks bounds how many threads are looked at one by one while they are told to stop: each takes some 10 us.
	mostLooks = 64
)

// LookForRoom sees what a thread waits for that is about to be stopped, if that is room for what it writes.
func (t *Thread) LookForRoom() {
	if slot := t.Slot; slot != nil { // it goes with the thread
		if nr, args, ok := slot.Posted(); ok {
			t.lookForRoom(nr, args)
		}
		return
	}
	// Woken a moment ago, and not on a CPU yet, it seems to be in no call.
	if c, err := t.Proc.Family.FS.Call(t.Proc.PID, t.TID); err == nil {
		t.lookForRoom(c.Nr, c.Args)
	}
}

// lookAgainForRoom looks at threads that seemed to be in no call: a writer whose reader takes little at a time is woken
// often, and may have to wait for a CPU.
func lookAgainForRoom(busy []*Thread) {
	const tries, pause = 4, 50 * time.Microsecond
	for try := 0; try < tries && 0 < len(busy) && len(busy) <= mostLooks; try++ {
		nap.For(pause)
		busy = slices.DeleteFunc(busy, func(t *Thread) bool {
			t.LookForRoom()
			return t.room.Load() != nil
		})
	}
}

func (t *Thread) lookForRoom(nr int, args [6]uint64) {
	t.dropRoom()
	number, bytes, ok := writes(nr, args)
	if !ok {
		return
	}
	fd, err := Borrow(t.Proc.PID, number)
	if err != nil {
		return
	}
	r := &room{fd: fd, number: number, bytes: bytes}
	if !r.known() {
		_ = unix.Close(fd)
		return
	}
	t.room.Store(r)
}

// known tells whether it is a pipe or socket at which writes wait, and how room is made there.
func (r *room) known() bool {
	if !waits(r.fd) || unix.Fstat(r.fd, &r.file) != nil {
		return false
	}
	switch r.file.Mode & unix.S_IFMT {
	case unix.S_IFIFO:
		r.widen, r.narrow = r.widenPipe, narrowPipe
		return true
	case unix.S_IFSOCK:
		if !isPatient(r.fd, unix.SO_SNDTIMEO) {
			return false
		}
		r.widen = r.widenSocket
		protocol, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
		r.late = err != nil || protocol == unix.IPPROTO_TCP
		return true
	}
	return false
}

// waits tells whether calls by a descriptor wait.
func waits(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_NONBLOCK == 0
}

// isPatient tells whether a socket's calls that wait do so until they are done: a message is sent or received whole, or not
// at all, and where there is a time-out (option) they are to end when it is over.
func isPatient(fd, option int) bool {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM {
		return false
	}
	limit, err := unix.GetsockoptTimeval(fd, unix.SOL_SOCKET, option)
	return err == nil && limit.Nano() == 0
}

// widenPipe: sizes are powers of two (F_SETPIPE_SZ in fcntl(2)).
func (r *room) widenPipe() (int, error) {
	was, err := unix.FcntlInt(uintptr(r.fd), unix.F_GETPIPE_SZ, 0)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(r.fd), unix.F_SETPIPE_SZ, 1<<bits.Len(uint(was+r.bytes)))
	}
	return was, err
}

func narrowPipe(fd, was int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, was)
	return err
}

// widenSocket: the kernel says twice what it is told, and what is told it does not change any more by itself until
// SO_BUF_LOCK says that it may: socket(7).
func (r *room) widenSocket() (int, error) {
	was, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
	if err != nil {
		return 0, err
	}
	locks, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_BUF_LOCK)
	if err != nil {
		return 0, err // older than Linux 5.14
	}
	if r.narrow = narrowSocket; locks&sendLocked == 0 {
		r.narrow = func(fd, was int) error {
			err := narrowSocket(fd, was)
			if e := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BUF_LOCK, locks); err == nil {
				err = e
			}
			return err
		}
	}
	return was, unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, was+r.bytes)
}

// sendLocked is SOCK_SNDBUF_LOCK of linux/socket.h.
const sendLocked = 1

func narrowSocket(fd, was int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, was/2)
}

// InterruptInRoom has a thread stop, and a write of it end by itself before, if it waits for room. Nothing comes between, so
// that the thread does not come to wait in its next one. Tracing thread.
func (t *Thread) InterruptInRoom() error {
	r := t.room.Swap(nil)
	if r == nil {
		return ptrace.Interrupt(t.TID)
	}
	defer unix.Close(r.fd)
	fs, pid := t.Proc.Family.FS, t.Proc.PID
	before, unknown := fs.ThreadTurns(pid, t.TID)
	was, full := r.widen()
	for begun := time.Now(); r.late && full == nil && unknown == nil && time.Since(begun) < wakesWithin; nap.For(wakeTick) {
		if now, err := fs.ThreadTurns(pid, t.TID); err != nil || now != before {
			nap.For(wakeTick)
			break // it has had a CPU since, so that it has looked
		}
	}
	err := ptrace.Interrupt(t.TID)
	if full == nil { // else it has all the room that there may be
		t.Proc.widened.note(r, pid, was, t.Proc.Family.Owes)
	}
	return err
}

const (
	wakesWithin = 2 * time.Millisecond
	wakeTick    = 20 * time.Microsecond
)

// dropRoom forgets what was seen: the thread has not been stopped.
func (t *Thread) dropRoom() {
	if r := t.room.Swap(nil); r != nil {
		_ = unix.Close(r.fd)
	}
}

// dropRooms does so for all threads.
func (p *Process) dropRooms() {
	for _, t := range p.Threads() {
		t.dropRoom()
	}
}
