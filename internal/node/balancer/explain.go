package balancer

import (
	"fmt"
	"time"

	"openmosix/internal/model/balance"
)

// Verdict is what was last found about a process.
type Verdict struct {
	balance.Explanation
	Left   string // why it is left alone, in words; then there is no Explanation
	Cannot string // in words, where the rule is balance.Cannot
	at     time.Time
	proc   balance.Proc // of which it was found
}

// Explain tells what the balancer last thought of a process of this node; false:
// nothing, because nothing is to be gained by moving it: it uses no CPU time and
// little memory.
func (b *Balancer) Explain(pid int) (v Verdict, ago time.Duration, known bool) {
	stat, err := b.o.Proc.Stat(pid)
	if err != nil {
		return Verdict{}, 0, false
	}
	b.mu.Lock()
	v, known = b.verdicts[who{pid, stat.StartTime}]
	m, flying := b.flying[target{b.o.Self, pid, 0}]
	b.mu.Unlock()
	if flying {
		v = Verdict{Explanation: m.Why}
		return v, 0, true
	}
	if known {
		return v, time.Since(v.at), true
	}
	if left := b.Left(pid); left != "" {
		return Verdict{Left: left}, 0, true
	}
	return Verdict{}, 0, false
}

// Weight is the mean weight of this node's threads, which others are told; 0:
// there is none that counts.
func (b *Balancer) Weight() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.weight
}

// Left tells why a process of this node is left alone; empty: it is balanced.
func (b *Balancer) Left(pid int) string {
	config := b.o.Config()
	if !config.Enabled {
		return "nothing moves by itself here (balance.enabled)"
	}
	stat, err := b.o.Proc.Stat(pid)
	if err != nil {
		return "it has ended"
	}
	id, err := b.identify(stat)
	if err != nil {
		return "it is ending"
	}
	_, mosrun := b.o.Marked()[pid]
	return newEligibility(config).leaves(id, mosrun)
}

// String is the verdict in words and numbers.
func (v Verdict) String() string {
	switch {
	case v.Left != "":
		return "left alone: " + v.Left
	case v.Cannot != "":
		return fmt.Sprintf("%s (%s)", v.Explanation, v.Cannot)
	}
	return v.Explanation.String()
}
