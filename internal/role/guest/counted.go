package guest

import (
	"time"

	"golang.org/x/sys/unix"
)

// What home counts of a process that is away (CPU time, faults) grows there only by what is done there for it. Programs
// ask for their CPU time again and again: clock(3) in a loop. So what home has said of it holds until the process asks home
// for something else or hears of something, as all that is answered without home does (design 0013), and for a second at
// most, since home also takes back memory by its deputy. What was used here is read for each answer.

// countedFor is how long home's count is taken for the newest.
const countedFor = time.Second

// question is what is asked of it: by which call, and its first argument, which is a clock or says whose use is meant.
type question struct {
	nr    int
	which uint64
}

// ofChildren: of those that were waited for. That says nothing of the process itself, and is not changed by what home does for it.
func (q question) ofChildren() bool {
	const children = -1
	return q.nr == unix.SYS_GETRUSAGE && int32(q.which) == children
}

// counted is what home has said since it was asked for anything else, or came to say anything: of the process, in one way,
// and of its children. Guarded by body.mu.
type counted map[question]count

type count struct {
	out   []byte
	until time.Time
}

// with is what is known when home has been asked nothing but q since.
func (k counted) with(q question, c count) counted {
	known := counted{q: c}
	for other, its := range k {
		if other.ofChildren() != q.ofChildren() {
			known[other] = its
		}
	}
	return known
}

// viaCount is viaHome for a call that asks what home has counted of the process, which returns 0 and writes one buffer.
func (s *strand) viaCount(p *pending, change func(ret int64, outs [][]byte) int64) {
	b := s.b
	b.mu.Lock()
	asks := question{p.nr, p.args[0]}
	k, known := b.counted[asks]
	known = known && b.mayGoOn() && time.Now().Before(k.until)
	before := b.counted
	news := b.news + 1 // once this call is on its way
	b.mu.Unlock()
	if known {
		out := append([]byte(nil), k.out...)
		c, errno := p.row.Gather(p.args, b.memory())
		ret := -int64(errno)
		if errno == 0 {
			outs := [][]byte{out}
			ret = c.Scatter(change(0, outs), outs, b.memory())
		}
		s.handsOver()
		b.answer(p.id, ret)
		return
	}
	s.askHome(p, func(r result) {
		b.mu.Lock()
		if r.ret == 0 && len(r.outs) == 1 && b.news == news && b.mayGoOn() {
			b.counted = before.with(asks, count{append([]byte(nil), r.outs[0]...), time.Now().Add(countedFor)})
		}
		b.mu.Unlock()
		s.finish(p, p.call.Scatter(change(r.ret, r.outs), r.outs, b.memory()))
	})
}

// outdates: home is asked for something, or something has come of it. Precondition: b.mu is held.
func (b *body) outdates() {
	b.news++
	b.counted = nil
}
