package balance

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"time"

	"openmosix/internal/model/nodelist"
)

// A table is a view, in words; testdata/README.md says which. Everything after a
// word that needs no value is optional.

// readView reads a table up to its end, the programs to be placed in it, and what short
// ones that are asked about want.
func readView(text string) (v View, started []Proc, short []float64, err error) {
	v = View{Self: 1, Now: time.Hour, Seed: 1}
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		r := &reader{words: words[1:]}
		switch words[0] {
		case "self":
			v.Self = r.count()
		case "seed":
			v.Seed = uint64(r.count())
		case "told":
			for _, w := range words[1:] {
				v.Stay = v.Stay || w == "stay"
				v.LStay = v.LStay || w == "lstay"
			}
			r.words = nil
		case "node":
			v.Nodes = append(v.Nodes, r.node())
		case "proc":
			v.Procs = append(v.Procs, r.proc(v.Self))
		case "start":
			started = append(started, r.proc(v.Self))
		case "short":
			short = append(short, r.number())
		case "weights":
			v.Rules.Weights = true
		case "sent":
			v.Sent = append(v.Sent, Sent{To: r.count(), At: v.Now, Wants: 1})
		default:
			r.fail("what is %q?", words[0])
		}
		if r.err == nil && len(r.words) > 0 {
			r.fail("what is %q?", r.words[0])
		}
		if r.err != nil {
			return v, nil, nil, fmt.Errorf("line %d: %w", number, r.err)
		}
	}
	return v, started, short, nil
}

// reader takes words from a line.
type reader struct {
	words []string
	err   error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) word() string {
	if len(r.words) == 0 {
		r.fail("a word is missing")
		return ""
	}
	w := r.words[0]
	r.words = r.words[1:]
	return w
}

func (r *reader) number() float64 {
	w := r.word()
	f, err := strconv.ParseFloat(w, 64)
	if err != nil {
		r.fail("%q is no number", w)
	}
	return f
}

func (r *reader) count() int { return int(r.number()) }

func (r *reader) span() time.Duration {
	d, err := time.ParseDuration(r.word())
	if err != nil {
		r.fail("%v", err)
	}
	return d
}

func (r *reader) bytes() float64 {
	w := r.word()
	unit := 1.0
	if i := strings.IndexAny(w, "kMG"); i > 0 {
		unit = map[byte]float64{'k': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}[w[i]]
		w = w[:i]
	}
	f, err := strconv.ParseFloat(w, 64)
	if err != nil {
		r.fail("%q is no number of bytes", w)
	}
	return f * unit
}

func (r *reader) node() Node {
	n := Node{Number: r.count(), CPUs: 1, Speed: 10000, MemTotal: 4 << 30, MemFree: 3 << 30, Accepting: true, Features: Compatible}
	for r.err == nil && len(r.words) > 0 {
		switch w := r.word(); w {
		case "cpus":
			n.CPUs = r.count()
		case "speed":
			n.Speed = r.count()
		case "demand":
			n.Demand = r.number()
		case "weight":
			n.Weight = r.number()
		case "local":
			n.Local = r.number()
		case "mem":
			n.MemTotal = uint64(r.bytes())
		case "free":
			n.MemFree = uint64(r.bytes())
		case "pressure":
			n.MemPressure = r.number()
		case "guests":
			n.Guests = r.count()
		case "max-guests":
			n.MaxGuests = r.count()
		case "load-limit":
			n.LoadLimit = r.number()
		case "seen":
			n.Age = r.span()
		case "bandwidth":
			n.Link.Bandwidth = r.bytes()
		case "latency":
			n.Link.Latency = r.span()
		case "freeze":
			n.Link.Freeze = r.span()
		case "blocks":
			n.Accepting = false
		case "owner-first":
			n.OwnerFirst = true
		case "other-features":
			n.Features = Incompatible
		case "unknown-features":
			n.Features = UnknownFeatures
		default:
			r.fail("what is %q of a node?", w)
		}
	}
	return n
}

func (r *reader) proc(self int) Proc {
	p := Proc{PID: r.count(), Home: self, Where: self, Wants: 1, Age: time.Minute, Resident: 10 << 20}
	for r.err == nil && len(r.words) > 0 {
		switch w := r.word(); w {
		case "home":
			p.Home = r.count()
		case "on":
			p.Where = r.count()
		case "wants":
			p.Wants = r.number()
		case "cpu": // what it would like to use is not known
			p.CPU, p.Wants = r.number(), 0
		case "age":
			p.Age = r.span()
		case "expected":
			p.Expected = r.span()
		case "memory":
			p.Resident = uint64(r.bytes())
		case "grows":
			p.Growth = r.bytes()
		case "calls":
			p.Calls = r.number()
		case "call-bytes":
			p.CallBytes = r.bytes()
		case "cpujob":
			p.Kind = CPUJob
		case "iojob":
			p.Kind = IOJob
		case "locked":
			p.Locked = true
		case "cannot":
			p.Cannot = r.word()
		case "moves":
			p.Moves = r.count()
		case "last":
			p.LastMove = r.span()
		case "only":
			allowed, err := nodelist.Parse(r.word())
			if err != nil {
				r.fail("%v", err)
			}
			p.Allowed = func(n int) bool { return allowed.Has(n) }
		default:
			r.fail("what is %q of a process?", w)
		}
	}
	return p
}

// written is a decision, as the second half of a table.
func written(v View, started []Proc, short []float64) string {
	var b strings.Builder
	d := Decide(v)
	for _, m := range d.Moves {
		fmt.Fprintf(&b, "move %d from %d to %d", m.PID, m.From, m.To)
		if m.Urgent {
			b.WriteString(", urgent")
		}
		b.WriteString("\n")
	}
	for _, e := range d.Explanations {
		fmt.Fprintf(&b, "why %d: %v\n", e.PID, e)
	}
	for _, p := range started {
		to, e := Place(v, p)
		fmt.Fprintf(&b, "start %d on %d: %v\n", p.PID, to, e)
	}
	for _, wants := range short {
		fmt.Fprintf(&b, "short %v: below %v it begins here\n", wants, Around(v).Least(wants).Round(time.Microsecond))
	}
	return b.String()
}
