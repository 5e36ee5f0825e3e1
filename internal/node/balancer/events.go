package balancer

import (
	"log/slog"
	"time"

	"openmosix/internal/model/balance"
)

// moved is a move that was decided here, with what came of it.
type moved struct {
	move    balance.Move
	outcome Outcome
	took    time.Duration
}

// tell is the one place where decisions leave for people's eyes. That a process
// has moved, and why, is told as an event by its home; here are all the numbers.
func (b *Balancer) tell(m moved) {
	w := m.move.Why
	attrs := []any{
		"process", m.move.PID, "home", m.move.Home, "from", m.move.From, "to", m.move.To, "rule", w.Rule,
		"here", rounded(w.Here), "there", rounded(w.There), "gain", w.Gain.Round(time.Millisecond), "price", w.Price.Round(time.Millisecond),
		"life", w.Life.Round(time.Millisecond), "bytes", w.Bytes, "age", w.Age.Round(time.Millisecond), "took", m.took.Round(time.Millisecond),
	}
	if m.outcome.Code != "" {
		b.o.Log.Info("not moved", append(attrs, "code", m.outcome.Code, "why", m.outcome.Text)...)
		return
	}
	b.o.Log.Debug("moved", append(attrs, "still", m.outcome.Still.Round(time.Millisecond))...)
}

// rounded has the digits that mean something.
func rounded(cost float64) slog.Value {
	return slog.Float64Value(float64(int64(cost*1000)) / 1000)
}
