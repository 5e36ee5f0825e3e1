package hpcfs

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"sync"

	"openmosix/internal/model/nodelist"
	"openmosix/internal/node/policy"
)

// mask is the nodes of a process as the original said it, in three files. The
// daemon knows two lists (allow, deny); a mask that is off, or half written,
// is not in them and is remembered here.
type mask struct {
	on    bool
	allow bool // to these nodes only; false: not to these
	nodes nodelist.List
}

var everywhere = nodelist.List{{First: 1, Last: nodelist.Last}}

// lists is what holds by a mask.
func (m mask) lists() (allow, deny nodelist.List) {
	switch {
	case !m.on:
		return nil, nil
	case !m.allow:
		return nil, m.nodes
	case len(m.nodes) == 0: // an empty list of allowed nodes is no restriction
		return nil, everywhere
	}
	return m.nodes, nil
}

// maskOf is the mask that says what two lists say.
func maskOf(p policy.Policy) mask {
	switch {
	case len(p.Allow) > 0:
		return mask{on: true, allow: true, nodes: without(p.Allow, p.Deny)}
	case len(p.Deny) > 0:
		return mask{on: true, nodes: p.Deny}
	}
	return mask{}
}

// without leaves out of a list what is in another.
func without(l, less nodelist.List) nodelist.List {
	if len(less) == 0 {
		return l
	}
	return listOf(func(n int) bool { return l.Has(n) && !less.Has(n) }, nodelist.Last)
}

// listOf collects the numbers up to last that are wanted.
func listOf(wanted func(n int) bool, last int) nodelist.List {
	var l nodelist.List
	for n := 1; n <= last; n++ {
		switch {
		case !wanted(n):
		case len(l) > 0 && l[len(l)-1].Last == n-1:
			l[len(l)-1].Last = n
		default:
			l = append(l, nodelist.Range{First: n, Last: n})
		}
	}
	return l
}

// bitsOf writes nodes as the sum of 2^(N-1).
func bitsOf(l nodelist.List) string {
	var sum big.Int
	for _, r := range l {
		for n := r.First; n <= r.Last; n++ {
			sum.SetBit(&sum, n-1, 1)
		}
	}
	return sum.String()
}

// mostDigits is how long the sum over all nodes may be: a digit is more than three bits.
const mostDigits = nodelist.Last/3 + 1

// nodesOf reads what bitsOf writes.
func nodesOf(text string) (nodelist.List, error) {
	var sum big.Int
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return nil, invalid("%.40q is not a sum of 2^(N-1) over nodes N (allow and deny take lists)", text)
	}
	digits := strings.TrimLeft(text, "0")
	if n := len(digits); 0 < n && n <= mostDigits { // to read a number takes time by the square of its length
		sum.SetString(digits, 10)
	}
	if len(digits) > mostDigits || sum.BitLen() > nodelist.Last {
		return nil, invalid("the number is too large: node %d is the last", nodelist.Last)
	}
	return listOf(func(n int) bool { return sum.Bit(n-1) == 1 }, sum.BitLen()), nil
}

// drafts are the masks that were written, by process. A draft counts as long as
// the daemon's lists are those it made.
type drafts struct {
	mu        sync.Mutex
	byProcess map[policy.Process]mask
}

// maxDrafts bounds them; before that is reached those of ended processes go.
const maxDrafts = 4096

func (d *drafts) get(p policy.Process) (mask, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, ok := d.byProcess[p]
	return m, ok
}

func (d *drafts) put(p policy.Process, m mask, alive func(policy.Process) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byProcess == nil {
		d.byProcess = make(map[policy.Process]mask)
	}
	if len(d.byProcess) >= maxDrafts {
		for p := range d.byProcess {
			if !alive(p) {
				delete(d.byProcess, p)
			}
		}
	}
	if _, known := d.byProcess[p]; known || len(d.byProcess) < maxDrafts {
		d.byProcess[p] = m
	}
}

// mask is what holds for the process of the call's directory.
func (c *call) mask(ctx context.Context) (mask, policy.Process, error) {
	p, err := c.policy(ctx, c.number, nil)
	if err != nil {
		return mask{}, policy.Process{}, err
	}
	stat, err := c.Proc.Stat(c.number)
	if err != nil {
		return mask{}, policy.Process{}, errGone
	}
	who := policy.Process{PID: c.number, Start: stat.StartTime}
	if draft, ok := c.drafts.get(who); ok {
		if allow, deny := draft.lists(); slices.Equal(allow, p.Allow) && slices.Equal(deny, p.Deny) {
			return draft, who, nil
		}
	}
	return maskOf(p), who, nil
}

func maskFile(text func(mask) string) func(context.Context, *call) (string, error) {
	return func(ctx context.Context, c *call) (string, error) {
		m, _, err := c.mask(ctx)
		return line(text(m)), err
	}
}

func maskChange(change func(*mask, string) error) func(context.Context, *call, string) error {
	return func(ctx context.Context, c *call, text string) error {
		m, who, err := c.mask(ctx)
		if err == nil {
			err = change(&m, text)
		}
		if err != nil {
			return err
		}
		allow, deny := m.lists()
		if _, err := c.policy(ctx, c.number, &policy.Change{Allow: &allow, Deny: &deny}); err != nil {
			return err
		}
		c.drafts.put(who, m, func(p policy.Process) bool { return c.Proc.Alive(p.PID, p.Start) })
		return nil
	}
}
