package deputy

import (
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A socket may say how long is waited for it (SO_RCVTIMEO, SO_SNDTIMEO). Such a wait ends at any stop, and begins anew
// when the call is made again. So when a thread of the guest makes one again that was broken off, it is ended here
// when the time of the first one is over.

// timedWait is a call on a socket with a time-out that was broken off.
type timedWait struct {
	nr    int
	fd    uint64
	until time.Time
}

// executeTimed is executeAs. again: the guest's thread says that it makes its last call again.
func (d *deputy) executeTimed(c *syscalls.Call, serial uint64, again bool) (ret int64, outs [][]byte, ok bool) {
	was := d.timed
	d.timed = timedWait{}
	if !again || was.nr != c.Nr || was.fd != c.Args[0] {
		was = timedWait{nr: c.Nr, fd: c.Args[0]}
	}
	begun := time.Now()
	left := time.Until(was.until)
	for {
		var end *time.Timer
		if !was.until.IsZero() {
			end = time.AfterFunc(left, func() { d.timeIsOver(serial) })
		}
		ret, outs, ok = d.executeAs(c)
		if end != nil {
			end.Stop()
		}
		over := d.wasOver(serial)
		if !ok || ret != -int64(unix.EINTR) && ret != restartNoIntr {
			return ret, outs, ok
		}
		if !over {
			break
		}
		if ret != restartNoIntr {
			return d.timedOut(c), nil, true
		}
		left = time.Millisecond // it had not begun: what is there is taken, as natively
	}
	if ret == -int64(unix.EINTR) && was.until.IsZero() {
		if limit := d.p.socketTime(c.Nr, c.Args[0]); limit > 0 {
			was.until = begun.Add(limit)
		}
	}
	if !was.until.IsZero() {
		d.timed = was
	}
	return ret, outs, ok
}

// timeIsOver ends the call with this serial, if it is still under way.
func (d *deputy) timeIsOver(serial uint64) {
	d.mu.Lock()
	running := d.serial == serial && !d.firm
	if running {
		d.over = serial
	}
	d.mu.Unlock()
	if running {
		d.interrupt(false)
	}
}

// wasOver tells whether the time of a call has been over, and nothing else has broken it off.
func (d *deputy) wasOver(serial uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	is := d.over == serial && d.cancel != serial
	d.over = 0
	return is
}

// socketTime is how long is waited for the socket of a call; 0: for ever, or it is none.
func (p *proc) socketTime(nr int, socket uint64) time.Duration {
	option := unix.SO_RCVTIMEO
	switch receives, sends := syscalls.TimedBySocket(nr); {
	case sends:
		option = unix.SO_SNDTIMEO
	case !receives:
		return 0
	}
	var tv *unix.Timeval
	if p.onDescriptor(socket, func(fd int) (err error) {
		tv, err = unix.GetsockoptTimeval(fd, unix.SOL_SOCKET, option)
		return err
	}) != nil {
		return 0
	}
	return time.Duration(tv.Nano())
}

// timedOut is what a call gives whose time is over: socket(7), connect(2).
func (d *deputy) timedOut(c *syscalls.Call) int64 {
	domain := 0
	_ = d.p.onDescriptor(c.Args[0], func(fd int) (err error) {
		domain, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		return err
	})
	if c.Nr == unix.SYS_CONNECT && domain != unix.AF_UNIX {
		return -int64(unix.EINPROGRESS)
	}
	return -int64(unix.EAGAIN)
}

func (p *proc) onDescriptor(number uint64, look func(fd int) error) error {
	fd, err := tracee.Borrow(p.PID, int(int32(number)))
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return look(fd)
}
