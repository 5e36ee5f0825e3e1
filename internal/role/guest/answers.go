package guest

import "openmosix/internal/model/wire"

// viaHome asks home the call as the table says and lets change edit the result
// before it is written into the body.
func (s *strand) viaHome(p *pending, change func(ret int64, outs [][]byte) int64) {
	s.askHome(p, func(r result) {
		s.finish(p, p.call.Scatter(change(r.ret, r.outs), r.outs, s.b.memory()))
	})
}

// askHome makes the call at home as the table says and hands the result to
// then, in a sequence of its own that a freeze waits for.
func (s *strand) askHome(p *pending, then func(r result)) {
	c, errno := p.row.Gather(p.args, s.b.memory())
	if errno != 0 {
		s.b.answer(p.id, -int64(errno))
		return
	}
	p.call = c
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		r := s.ask(p, wire.Call, c.Append(s.callHead(p)))
		s.asksNoMore(p)
		then(r)
	}()
}

// prctl options that belong to both halves: home does it for the process's
// sake, the kernel here for the body's.
func (s *strand) prctl(p *pending) {
	s.askHome(p, func(r result) {
		if r.ret < 0 {
			s.finish(p, p.call.Scatter(r.ret, r.outs, s.b.memory()))
			return
		}
		s.mu.Lock()
		s.call = nil
		s.mu.Unlock()
		s.b.proceed(p.id)
	})
}
