package balancer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"openmosix/internal/model/balance"
	"openmosix/internal/model/supervisor"
)

// decide asks the policy about what was last seen, and has done what it says.
func (b *Balancer) decide(ctx context.Context) {
	if b.walked.IsZero() {
		return
	}
	b.refresh()
	at := time.Now()
	candidates := b.candidates(at)
	b.mu.Lock()
	now := b.since(at)
	procs := make([]balance.Proc, 0, len(candidates))
	byProc := make(map[target]*tracked, len(candidates))
	for _, t := range candidates {
		p := t.proc(b, at)
		key := target{p.Home, p.PID, 0}
		_, moving := b.flying[key]
		_, over := b.left[key]
		if moving || over || t.held != nil && t.held.State == "moving" {
			continue
		}
		b.restrict(&p, at)
		b.expect(&p)
		procs = append(procs, p)
		byProc[key] = t
	}
	view := b.view(now, procs)
	b.mu.Unlock()

	decision := balance.Decide(view)

	b.mu.Lock()
	b.weight = decision.Weight
	for _, e := range decision.Explanations {
		t := byProc[target{e.Home, e.PID, 0}]
		v := Verdict{Explanation: e, at: at, proc: t.proc(b, at)}
		if r, barred := b.barred(e.Home, e.PID, 0, at); barred {
			v.Cannot = r.text
		}
		b.verdicts[t.who] = v
	}
	var begin []flight
	for _, m := range decision.Moves {
		if len(b.flying) >= b.o.Config().Moves {
			break
		}
		if f, ok := b.take(m, byProc[target{m.Home, m.PID, 0}], now); ok {
			begin = append(begin, f)
		}
	}
	b.mu.Unlock()
	for _, f := range begin {
		b.group.Go(func() { b.fly(ctx, f) })
	}
}

// candidates are the processes that the policy is asked about, those that are
// left alone not among them.
func (b *Balancer) candidates(at time.Time) []*tracked {
	var out []*tracked
	var left []*tracked
	for _, t := range b.procs {
		switch {
		case !t.candidate || t.stat.State == 'Z':
		case t.left != "":
			left = append(left, t)
		default:
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *tracked) int { return cmp.Compare(a.pid, b.pid) })
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range left {
		b.verdicts[t.who] = Verdict{Left: t.left, at: at, proc: t.proc(b, at)}
	}
	return out
}

// restrict adds what was learned by trying. Precondition: b.mu is held.
func (b *Balancer) restrict(p *balance.Proc, at time.Time) {
	if r, barred := b.barred(p.Home, p.PID, 0, at); barred && p.Cannot == "" {
		p.Cannot = r.code
	}
	allowed, home, pid := p.Allowed, p.Home, p.PID
	var closed []int
	for t, r := range b.refusals {
		if t.home == home && t.pid == pid && t.node != 0 && at.Before(r.until) {
			closed = append(closed, t.node)
		}
	}
	if len(closed) > 0 {
		p.Allowed = func(node int) bool {
			return !slices.Contains(closed, node) && (allowed == nil || allowed(node))
		}
	}
}

// flight is a move under way.
type flight struct {
	move  balance.Move
	who   who
	guest bool
	wants float64
	bytes uint64
}

// take counts a move as made, so that nothing is decided twice.
// Precondition: b.mu is held.
func (b *Balancer) take(m balance.Move, t *tracked, now time.Duration) (flight, bool) {
	key := target{m.Home, m.PID, 0}
	if _, moving := b.flying[key]; moving || t == nil {
		return flight{}, false
	}
	f := flight{move: m, who: t.who, guest: t.guest != nil, wants: m.Wants, bytes: m.Why.Bytes}
	b.flying[key] = m
	b.shift(m.Home, m.PID, m.From, m.To, f.wants, now)
	b.sent = append(b.sent, balance.Sent{To: m.To, At: now, Resident: f.bytes})
	return f, true
}

// fly has a move made and notes what came of it.
func (b *Balancer) fly(ctx context.Context, f flight) {
	m := f.move
	begun := time.Now()
	o := b.stillWanted(f)
	if o.Code == "" {
		o = b.o.Move(ctx, m)
	}
	took := time.Since(begun)
	b.mu.Lock()
	key := target{m.Home, m.PID, 0}
	delete(b.flying, key)
	if o.Code != "" {
		now := b.now()
		b.shift(m.Home, m.PID, m.To, m.From, f.wants, now)
		b.unsend(m.To, f.bytes)
		if o.Code == supervisor.NoSuchProcess || o.Code == ended {
			b.left[key] = time.Now() // or it would be decided again, at once and for ever
		} else {
			b.refused(m.Home, m.PID, m.To, o, time.Now())
		}
		if o.Code == supervisor.LacksCPU {
			b.lacks(m.To)
		}
	} else {
		delete(b.refusals, key)
		b.left[key] = time.Now()
	}
	b.mu.Unlock()
	b.tell(moved{move: m, outcome: o, took: took})
	b.again()
}

// ended is what the daemon says of a process that was there when it was asked.
const ended supervisor.Code = "ended-meanwhile"

// stillWanted looks whether its user has said something since it was decided.
func (b *Balancer) stillWanted(f flight) Outcome {
	if f.guest || f.move.To == b.o.Self {
		return Outcome{}
	}
	p, err := b.o.Policy(f.move.PID)
	switch {
	case err != nil:
		return Outcome{Code: supervisor.NoSuchProcess, Text: "it has ended"}
	case p.Lock:
		return Outcome{Code: supervisor.Busy, Text: "it was locked meanwhile"}
	case f.move.To != f.move.Home && !p.MayGo(f.move.To):
		return Outcome{Code: supervisor.Refused, Text: "it may go " + p.Places()}
	}
	return Outcome{}
}

// unsend takes one entry back. Precondition: b.mu is held.
func (b *Balancer) unsend(to int, bytes uint64) {
	for i, s := range b.sent {
		if s.To == to && s.Resident == bytes {
			b.sent = slices.Delete(b.sent, i, i+1)
			return
		}
	}
}

// lacks notes that the processors of a node lack something. Precondition: b.mu
// is held.
func (b *Balancer) lacks(node int) {
	if r, known := b.report(node); known && r.CPU != b.self.report.CPU {
		b.lacking[r.CPU] = time.Now()
	}
}
