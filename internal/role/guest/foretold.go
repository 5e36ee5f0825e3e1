package guest

import (
	"bytes"
	"strings"
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// Behind a call home makes those which the program has made next in earlier runs, if they only ask, and
// their answers come with its reply (wire.ForetoldCall). Each is for one call, the same in all that home would have seen of it;
// they are given out in the order in which they were made, as long as nothing else has been asked or heard for the
// process and nothing done that they could show, and for a moment only: it is as if the program had made these calls
// at once. What is not used is forgotten.

// foretold are such answers. Guarded by body.mu.
type foretold struct {
	calls  []foretoldCall
	next   int       // those before it are over
	until  time.Time // they hold
	learnt uint64    // facts that home had told when they came
}

type foretoldCall struct {
	wire.ForetoldCall
	fd      int  // of which it asks; -1: of none
	numbers bool // what its path leads to may be descriptors: /proc/self/fd, /dev/fd
}

// foretells takes what home foretells. Link reader.
func (g *Guest) foretells(own int, data []byte) {
	all, err := wire.DecodeForetold(data)
	calls := make([]foretoldCall, 0, len(all))
	for _, f := range all {
		c, wrong := syscalls.DecodeCall(f.Call)
		if err = wrong; err != nil {
			break
		}
		fd := -1
		if c.Nr == unix.SYS_IOCTL || syscalls.LooksBy(c.Nr) {
			fd = max(int(int32(c.Args[0])), -1)
		}
		calls = append(calls, foretoldCall{ForetoldCall: f, fd: fd})
	}
	if err != nil {
		g.log.Warn("bad word of calls to come", "error", err)
		return
	}
	s := g.strandByOwn(own)
	if s == nil || !s.b.OneThread() {
		return
	}
	s.b.aboutNumbers(calls)
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.used.Store(0)
	s.b.foretold = foretold{calls: calls, until: time.Now().Add(aheadTime), learnt: g.learnt.Load()}
}

// aboutNumbers notes which calls may ask of descriptors by their names in proc.
func (b *body) aboutNumbers(calls []foretoldCall) {
	b.g.mu.Lock()
	near := b.directory != "" // which no directory of proc is known to be
	b.g.mu.Unlock()
	for i := range calls {
		c, err := syscalls.DecodeCall(calls[i].Call)
		if err != nil {
			continue
		}
		switch _, _, path, is := c.Look(); {
		case !is:
		case strings.HasPrefix(path, "/"):
			calls[i].numbers = strings.HasPrefix(path, "/proc") || strings.HasPrefix(path, "/dev")
		default:
			calls[i].numbers = calls[i].fd >= 0 || !near
		}
	}
}

// drop forgets what is left.
func (f *foretold) drop() { f.calls, f.next = nil, 0 }

// heard: a sequence gets something of home that is newer.
func (b *body) heard() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.foretold.drop()
}

// renumbers: a number is another descriptor's than it was, or none's.
func (f *foretold) renumbers(fd int) {
	for i := range f.calls {
		if f.calls[i].fd == fd || f.calls[i].numbers {
			f.drop()
			return
		}
	}
}

// wasForetold ends a call by what home has foretold. False: home has to be asked.
func (s *strand) wasForetold(p *pending, c *syscalls.Call) bool {
	b := s.b
	b.mu.Lock()
	f := &b.foretold
	if len(f.calls) == 0 || !b.mayGoOn() || !syscalls.IsQuestion(p.nr, p.args) && !syscalls.IsLook(p.nr) || !time.Now().Before(f.until) {
		b.mu.Unlock()
		return false
	}
	call, at := c.Append(nil), f.next
	for at < len(f.calls) && !bytes.Equal(f.calls[at].Call, call) {
		at++
	}
	if at == len(f.calls) {
		b.mu.Unlock()
		return false
	}
	answer := f.calls[at].Answer
	f.next = at + 1
	b.used.Or(1 << at)
	if a := b.ahead; a != nil {
		a.fresh = false // it was read before; which says nothing of one that was opened here
	}
	b.mu.Unlock()
	ret, outs, err := syscalls.DecodeReply(answer)
	if err != nil {
		b.g.log.Error("undecodable answer to a call to come", "error", err)
		ret, outs = -int64(unix.EIO), nil
	}
	ret = c.Scatter(ret, outs, b.memory())
	s.handsOver()
	b.answer(p.id, ret)
	return true
}
