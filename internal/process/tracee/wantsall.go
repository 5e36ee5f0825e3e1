package tracee

import (
	"time"

	"openmosix/internal/linux/mem"

	"golang.org/x/sys/unix"
)

// A receive with MSG_WAITALL gives all that is asked for, unless a signal breaks it off (recv(2)): then it gives what has
// come so far, which is no longer in the socket. That a thread is stopped breaks it off as well, and most programs that
// ask for all take less for the end of the stream. Who sends is in the middle of a message, so that the rest is on its
// way: it is waited for and stored where it belongs. Of a sender that pauses for longer, the call ends short.

const (
	// pauses bounds how long the sender may send nothing, and restWithin all of it: the process stands still.
	pauses     = time.Second
	restWithin = 3 * time.Second
)

// wantsAll tells whether a call is to receive all that it asks for, and takes it out of the socket.
func wantsAll(nr int, args [6]uint64) bool {
	flags := uint64(0)
	switch nr {
	case unix.SYS_RECVFROM:
		flags = args[3]
	case unix.SYS_RECVMSG:
		flags = args[2]
	}
	const other = unix.MSG_PEEK | unix.MSG_DONTWAIT | unix.MSG_ERRQUEUE | unix.MSG_OOB | unix.MSG_TRUNC
	return flags&unix.MSG_WAITALL != 0 && flags&other == 0
}

// AwaitsRest tells whether ReadRest may have to wait for a sender.
func AwaitsRest(nr int, args [6]uint64, ret int64) bool {
	return wantsAll(nr, args) && ret > 0 && (nr != unix.SYS_RECVFROM || uint64(ret) < args[2])
}

// receiveRest stores what a receive that gave ret was to give besides, and tells the whole result. Precondition: AwaitsRest.
func (p *Process) receiveRest(nr int, args [6]uint64, ret int64) int64 {
	rest := p.unfilled(nr, args, uint64(ret))
	if len(rest) == 0 {
		return ret
	}
	fd, err := Borrow(p.PID, int(int32(args[0])))
	if err != nil {
		return ret
	}
	defer unix.Close(fd)
	if !waitsForAll(fd) {
		return ret
	}
	buf := make([]byte, 64<<10)
	end := time.Now().Add(restWithin)
	for _, s := range rest {
		for s.n > 0 {
			b := buf[:min(s.n, uint64(len(buf)))]
			n := receiveSoon(fd, b, min(pauses, time.Until(end)))
			if n <= 0 || (mem.User{Space: p.Mem}).Write(s.at, b[:n]) != nil {
				return ret
			}
			s.at, s.n = s.at+uint64(n), s.n-uint64(n)
			ret += int64(n)
		}
	}
	return ret
}

// waitsForAll tells whether receives at a socket wait until they have all. One with a time-out may have reached it.
func waitsForAll(fd int) bool { return waits(fd) && isPatient(fd, unix.SO_RCVTIMEO) }

// receiveSoon receives what comes within a time; 0: nothing does. An error of the socket stays for the program's next call.
func receiveSoon(fd int, b []byte, within time.Duration) int {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for end := time.Now().Add(within); ; {
		left := time.Until(end)
		if left <= 0 {
			return 0
		}
		n, err := unix.Poll(p, int(left.Milliseconds())+1)
		if err == nil && n > 0 {
			break
		}
		if err != nil && err != unix.EINTR { // Go's runtime interrupts its own threads
			return 0
		}
	}
	if there, err := unix.IoctlGetInt(fd, unix.TIOCINQ); err != nil || there == 0 {
		return 0 // its end, or an error
	}
	n, _, err := unix.Recvfrom(fd, b, unix.MSG_DONTWAIT)
	if err != nil {
		return 0
	}
	return n
}

// span is memory of the process.
type span struct{ at, n uint64 }

const (
	// most buffers of one call: UIO_MAXIOV of linux/uio.h.
	mostBuffers = 1024
	bufferSize  = 16 // struct iovec
)

// unfilled is what a receive that gave ret has left of its buffers. A message that passes descriptors ends the
// receive (unix(7)), so who asks for such is left alone.
func (p *Process) unfilled(nr int, args [6]uint64, ret uint64) []span {
	if nr == unix.SYS_RECVFROM {
		return past([]span{{args[1], args[2]}}, ret)
	}
	var head [48]byte // struct msghdr up to msg_controllen
	if p.Mem.Read(args[1], head[:]) != nil {
		return nil
	}
	at, n := le.Uint64(head[16:]), le.Uint64(head[24:])
	if control := le.Uint64(head[32:]); control != 0 || n > mostBuffers {
		return nil
	}
	vector := make([]byte, n*bufferSize)
	if p.Mem.Read(at, vector) != nil {
		return nil
	}
	var all []span
	for ; len(vector) > 0; vector = vector[bufferSize:] {
		all = append(all, span{le.Uint64(vector), le.Uint64(vector[8:])})
	}
	return past(all, ret)
}

// past is what is left of buffers behind their first n bytes.
func past(all []span, n uint64) []span {
	for len(all) > 0 && all[0].n <= n {
		n -= all[0].n
		all = all[1:]
	}
	if len(all) > 0 {
		all[0] = span{all[0].at + n, all[0].n - n}
	}
	return all
}
