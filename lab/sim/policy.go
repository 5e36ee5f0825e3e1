package sim

import "openmosix/internal/model/balance"

// policy says where jobs start, and what moves.
type policy interface {
	// place says where a job starts.
	place(j *job) *node
	// decide is a node's turn.
	decide(n *node) []move
	// anywhere: where a job starts is its home, and it is not started by a node.
	anywhere() bool
	// careful: nodes refuse jobs for which they have no memory.
	careful() bool
}

// policies by name.
var policies = map[string]func(*run) policy{
	"pvm":       func(r *run) policy { return &pvm{static{r}, 0} },
	"epvm":      func(r *run) policy { return &epvm{static: static{r}} },
	"mosix":     func(r *run) policy { return &mosix{r: r} },
	"emosix":    func(r *run) policy { return &emosix{epvm{static: static{r}}} },
	"openmosix": func(r *run) policy { return newOurs(r, true) },
	// The same without initial placement: what happens to programs that are not
	// started by mosrun.
	"openmosix-unplaced": func(r *run) policy { return newOurs(r, false) },
	"stay":               func(r *run) policy { return stay{static{r}} },
}

var kinds = map[string]balance.Kind{"": balance.AnyKind, "cpu": balance.CPUJob, "io": balance.IOJob}

// static policies assign jobs when they come, by what they know at this moment,
// and move nothing.
type static struct{ r *run }

func (static) decide(*node) []move { return nil }
func (static) anywhere() bool      { return true }
func (static) careful() bool       { return false }

// stay: everything runs where it was started.
type stay struct{ static }

func (s stay) place(j *job) *node { return s.r.nodes[j.home] }

// pvm assigns one node after the other.
type pvm struct {
	static
	next int
}

func (p *pvm) place(*job) *node {
	for {
		n := p.r.nodes[p.next%len(p.r.nodes)]
		p.next++
		if !n.dead {
			return n
		}
	}
}
