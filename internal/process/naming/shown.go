package naming

import (
	"bytes"
	"time"

	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// Shown is a call that has shown something.
type Shown struct {
	Side   Side      // of the process that made it
	PID    int       // its own, here
	Own    int       // its thread's id in its namespace
	Serial uint64    // the call's
	Began  time.Time // the call

	path   string
	fact   names.Fact
	opened bool // not a fact, but that a file could be opened to be read: readable.go
	stated bool // ... or that its state was asked for: stated.go
}

// maxLearning bounds what waits to be learnt; more is not learnt.
const maxLearning = 256

// Learn notes what the result of a call shows. It does not wait.
func (n *Naming) Learn(s Shown, c *syscalls.Call, ret int64) {
	if c.Nr == unix.SYS_GETCWD && ret > 0 {
		s.path, s.fact = ".", names.Directory
		n.hears(s)
		return
	}
	q, asks := names.Asks(c.Nr, c.Args)
	_, reads := names.OpensToRead(c.Nr, c.Args)
	_, states := names.AsksState(c.Nr)
	s.fact, s.opened, s.stated = q.Learnt(ret), reads && ret >= 0, states && ret == 0
	if !asks || s.fact == names.Unknown && !s.opened && !s.stated {
		return
	}
	for i := range c.Segs {
		if in := c.Segs[i].In; c.Segs[i].Arg == q.Path {
			path, _, _ := bytes.Cut(in, []byte{0})
			if s.stated && !n.once.again(path) {
				return
			}
			s.path = string(path)
			n.hears(s)
			return
		}
	}
}

func (n *Naming) hears(s Shown) {
	select {
	case n.asked <- s:
	default:
	}
}
