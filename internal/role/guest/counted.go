package guest

import "time"

// What home counts of a process that is away (CPU time, faults) grows there only by what is done there for it. Programs
// ask for their CPU time again and again: clock(3) in a loop. So what home has said of it holds until the process asks home
// for something else or hears of something, as all that is answered without home does (design 0013), and for a second at
// most, since home also takes back memory by its deputy. What was used here is read for each answer.

// countedFor is how long home's count is taken for the newest.
const countedFor = time.Second

// counted is what home has said last of what it counts. Guarded by body.mu.
type counted struct {
	nr    int
	which uint64 // the call's first argument: a clock, or whose use is asked for
	out   []byte // nil: nothing is known
	until time.Time
}

// viaCount is viaHome for a call that asks what home has counted of the process, which returns 0 and writes one buffer.
func (s *strand) viaCount(p *pending, change func(ret int64, outs [][]byte) int64) {
	b := s.b
	b.mu.Lock()
	k := &b.counted
	known := k.out != nil && k.nr == p.nr && k.which == p.args[0] && b.mayGoOn() && time.Now().Before(k.until)
	news := b.news + 1 // once this call is on its way
	var out []byte
	if known {
		out = append(out, k.out...)
	}
	b.mu.Unlock()
	if known {
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
			b.counted = counted{nr: p.nr, which: p.args[0], out: append([]byte(nil), r.outs[0]...), until: time.Now().Add(countedFor)}
		}
		b.mu.Unlock()
		s.finish(p, p.call.Scatter(change(r.ret, r.outs), r.outs, b.memory()))
	})
}

// outdates: home is asked for something, or something has come of it. Precondition: b.mu is held.
func (b *body) outdates() {
	b.news++
	b.counted.out = nil
}
