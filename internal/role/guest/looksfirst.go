package guest

import (
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A wait under a mask of its own that lets a signal through which is there already: the kernel looks at the descriptors before it
// looks for signals. If one is ready that is the result, and the signal stays pending. So home is asked what is ready now, and
// only if nothing is the signal ends the wait.

// looksFirst does that. False: home is to say that the call is wrong.
func (s *strand) looksFirst(p *pending) bool {
	if !p.call.AtOnce() {
		return false
	}
	if !s.enter(p, true) {
		return true
	}
	go func() {
		defer s.b.leave()
		r := s.ask(p, wire.Call, p.call.Append(s.callHead(p)))
		s.asksNoMore(p)
		broken := r.ret == -int64(unix.EINTR) || r.ret >= restartLow && r.ret <= restartHigh
		switch {
		case r.ret == -noIntr: // it has not begun
			s.finish(p, r.ret)
			return
		case !broken && (r.ret != 0 || s.justLooks(p)):
			s.finish(p, p.call.Scatter(r.ret, r.outs, s.b.memory()))
			return
		case !broken && p.changes:
			s.atHome.Store(p.after)
		}
		s.pollForSignals(p)
	}()
	return true
}

// justLooks tells of a call that looks for no signals, as it does not wait: epoll_pwait with no time.
func (s *strand) justLooks(p *pending) bool {
	var no [16]byte
	switch p.nr {
	case unix.SYS_EPOLL_PWAIT:
		return int32(p.args[3]) == 0
	case unix.SYS_EPOLL_PWAIT2:
		return p.args[3] != 0 && s.b.memory().Read(p.args[3], no[:]) == nil && no == [16]byte{}
	}
	return false
}

// wrongMask is the error of a call whose mask cannot be one; 0: it can.
func (s *strand) wrongMask(p *pending) unix.Errno {
	var m [syscalls.MaskSize]byte
	switch unreadable := s.b.memory().Read(p.mask, m[:]) != nil; {
	case unreadable && (p.maskLen == syscalls.MaskSize || p.maskLen == 0):
		return unix.EFAULT
	case p.maskLen != syscalls.MaskSize:
		return unix.EINVAL
	}
	return 0
}
