package balancer

import (
	"time"

	"openmosix/internal/model/balance"
)

// Most programs under mosrun are short, and begin here whatever the cluster looks like. Of
// such a kind it is said so in the answer, and the next of it are not asked about: WentOn
// tells of them afterwards.
//
// What is said holds for an era: a time in which the cluster keeps within a range. It is
// taken back (Options.AskAgain) when that is left, and for one kind when its runs become
// longer or want more. Whoever has been told does the latter by itself as well, at the end of
// the first run that uses more than Stay.Most: as long as none does, the mean of all is below it.

const (
	// eraFor is how long an era lasts at most; then each kind is asked about again.
	eraFor = 30 * time.Second
	// mostKinds of which it is said in one.
	mostKinds = 512
	// wantsMore is how much more a kind may want until it is asked about again.
	wantsMore = 1.5
)

// era is guarded by Balancer.mu. Its zero value is over.
type era struct {
	within balance.Range
	until  time.Time
	kinds  map[string]short
}

// short is a kind whose programs begin here.
type short struct {
	program string
	least   time.Duration // for so long that it needs to be asked
	wants   float64       // at most
}

// Stay says what begins here without a question.
type Stay struct {
	All  bool          // whatever it is; otherwise the kind that was asked about
	For  time.Duration // from now on
	Most time.Duration // until a run has used more; 0: whatever they use
}

// Stays tells of a kind of program that has begun here whether others of it do in any
// case; false: each is to be asked about.
func (b *Balancer) Stays(program, kind string) (Stay, bool) {
	if b.allStay() {
		return Stay{All: true, For: eraFor}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	left := time.Until(b.era.until)
	if left <= 0 || len(b.era.kinds) >= mostKinds {
		return Stay{}, false
	}
	p := balance.Proc{}
	b.foresee(&p, program, kind)
	s := short{program: program, wants: p.Wants * wantsMore}
	if s.least = b.era.within.Least(s.wants); p.Expected >= s.least {
		return Stay{}, false
	}
	b.era.kinds[kind] = s
	return Stay{For: left, Most: s.least}, true
}

// allStay tells whether nothing is placed elsewhere, as somebody has said. Who changes it has all
// supervisors ask again.
func (b *Balancer) allStay() bool {
	config, set := b.o.Config(), b.o.Settings()
	return !config.Enabled || !config.Place || set.Stay || set.LStay
}

// keepEra begins another era if the present one is over, or what is known now is not within
// it; true: what was said is to be taken back. Precondition: b.mu is held.
func (b *Balancer) keepEra(v balance.View, now time.Time) (left bool) {
	over := !now.Before(b.era.until)
	if !over && b.era.within.Holds(v) {
		return false
	}
	left = !over && len(b.era.kinds) > 0
	b.era = era{within: balance.Around(v), until: now.Add(eraFor), kinds: map[string]short{}}
	return left
}

// leftEra tells whether this node has left the range, and what was said is to be taken back.
// Precondition: b.mu is held.
func (b *Balancer) leftEra() bool {
	if len(b.era.kinds) == 0 || b.era.within.Holds(balance.View{Self: b.o.Self, Nodes: []balance.Node{b.selfNode(b.placedWants())}, Rules: b.ruled()}) {
		return false
	}
	b.era = era{}
	return true
}

// longer tells whether a kind of which it was said that it stays does no more, by its last run.
// Precondition: b.mu is held.
func (b *Balancer) longer(kind string) bool {
	s, said := b.era.kinds[kind]
	if !said {
		return false
	}
	p := balance.Proc{}
	b.foresee(&p, s.program, kind)
	if p.Expected < s.least && p.Wants <= s.wants {
		return false
	}
	delete(b.era.kinds, kind)
	return true
}

// WentOn tells that a program has begun here, as it was said (Stays), so long ago.
func (b *Balancer) WentOn(pid int, program, kind string, ago time.Duration) {
	b.knowSelf()
	at := time.Now().Add(-ago)
	b.mu.Lock()
	b.over(pid) // the program it was before
	p := balance.Proc{}
	b.foresee(&p, program, kind)
	b.settle(pid, placement{program: program, kind: kind, node: b.o.Self, wants: p.Wants, at: at}, b.since(at))
	left := b.leftEra()
	b.mu.Unlock()
	if left {
		b.o.AskAgain(nil)
	}
}
