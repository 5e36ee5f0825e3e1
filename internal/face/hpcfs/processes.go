package hpcfs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"openmosix/internal/model/nodelist"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

var processFiles = []file{
	{in: process, name: "where", mode: seen, about: "the node it runs on; 0: here",
		read: func(ctx context.Context, c *call) (string, error) {
			p, err := c.moved(ctx, c.number)
			return line(strconv.Itoa(p.Node)), err
		}},
	{in: process, name: "nmigs", mode: seen, about: "how often it has moved",
		read: func(ctx context.Context, c *call) (string, error) {
			p, err := c.moved(ctx, c.number)
			return line(strconv.Itoa(p.Moves)), err
		}},
	{in: process, name: "goto", mode: ordered, write: goTo,
		about: "the number of the node it is to go to; 0: home; -1: where it runs best. The write waits until it is there, but for a process that moves itself"},
	{in: process, name: "migrate", mode: ordered, write: goTo, about: "the same"},
	{in: process, name: "cantmove", mode: private, read: cantMove,
		about: "why it cannot move: for each reason a line with its name and the reason in words. Empty: it can"},
	{in: process, name: "lock", mode: owned, about: "1: it is not moved unless somebody says so; inherited, as all below",
		read: ofPolicy(func(p policy.Policy) string { return strconv.Itoa(number(p.Lock)) }),
		write: func(ctx context.Context, c *call, text string) error {
			lock, err := digit(text)
			if err != nil {
				return err
			}
			_, err = c.policy(ctx, c.number, &policy.Change{Lock: &lock})
			return err
		}},
	{in: process, name: "disclosure", mode: owned, about: "what the lender is told of it: 0 nothing, 1 its number, 2 and whose it is, 3 and its command with arguments",
		read: ofPolicy(func(p policy.Policy) string { return strconv.Itoa(p.Disclosure) }),
		write: func(ctx context.Context, c *call, text string) error {
			level, err := whole(text)
			if err != nil {
				return err
			}
			_, err = c.policy(ctx, c.number, &policy.Change{Disclosure: &level})
			return err
		}},
	{in: process, name: "allow", mode: owned, about: "the nodes it may go to, as in 1-3,7; empty: all",
		read:  ofPolicy(func(p policy.Policy) string { return p.Allow.String() }),
		write: nodes(func(l *nodelist.List) *policy.Change { return &policy.Change{Allow: l} })},
	{in: process, name: "deny", mode: owned, about: "the nodes it may not go to; empty: none",
		read:  ofPolicy(func(p policy.Policy) string { return p.Deny.String() }),
		write: nodes(func(l *nodelist.List) *policy.Change { return &policy.Change{Deny: l} })},
	{in: process, name: "migfilter", mode: owned, about: "1: the next two hold, 0: they do not. They say in the original's words what allow and deny say",
		read:  maskFile(func(m mask) string { return strconv.Itoa(number(m.on)) }),
		write: maskChange(func(m *mask, text string) (err error) { m.on, err = digit(text); return err })},
	{in: process, name: "mignodes", mode: owned, about: "nodes as one number, the sum of 2^(N-1) over nodes N",
		read:  maskFile(func(m mask) string { return bitsOf(m.nodes) }),
		write: maskChange(func(m *mask, text string) (err error) { m.nodes, err = nodesOf(text); return err })},
	{in: process, name: "migpolicy", mode: owned, about: "1: it may go to those nodes only; 0: it may not go to them",
		read:  maskFile(func(m mask) string { return strconv.Itoa(number(m.allow)) }),
		write: maskChange(func(m *mask, text string) (err error) { m.allow, err = digit(text); return err })},
}

var decayFiles = []file{
	kindOfWork("cpujob", "the process computes", policy.Change{Kind: of(policy.CPUJob)}),
	kindOfWork("iojob", "the process reads and writes", policy.Change{Kind: of(policy.IOJob)}),
	kindOfWork("slow", "its statistics lose their weight slowly", policy.Change{Decay: of(policy.SlowDecay)}),
	kindOfWork("fast", "its statistics lose their weight fast", policy.Change{Decay: of(policy.FastDecay)}),
	kindOfWork("clear", "forget all that, and a decay of its own", policy.Change{Kind: of(policy.Kind("")), Decay: of(policy.Decay("")), Period: of(0), Keep: of(0)}),
}

// kindOfWork is said by a process of itself.
func kindOfWork(name, about string, change policy.Change) file {
	return file{in: decay, name: name, mode: said, about: about, write: func(ctx context.Context, c *call, text string) error {
		if err := one(text); err != nil {
			return err
		}
		if c.pid == 0 {
			return &callError{syscall.ESRCH, "the writing process cannot be seen from the node daemon's pid namespace"}
		}
		_, err := c.policy(ctx, c.pid, &change)
		return err
	}}
}

func of[T any](value T) *T { return &value }

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ofPolicy reads one thing that was said of a process.
func ofPolicy(text func(policy.Policy) string) func(context.Context, *call) (string, error) {
	return func(ctx context.Context, c *call) (string, error) {
		p, err := c.policy(ctx, c.number, nil)
		return line(text(p)), err
	}
}

func nodes(change func(*nodelist.List) *policy.Change) func(context.Context, *call, string) error {
	return func(ctx context.Context, c *call, text string) error {
		var l nodelist.List
		if err := l.UnmarshalText([]byte(text)); err != nil {
			return invalid("%v", err)
		}
		_, err := c.policy(ctx, c.number, change(&l))
		return err
	}
}

// balance is the original's number for the node the process is to find itself.
const balance = -1

// goTo moves a process. One that moves itself is not waited for: it is moved
// when its write is over.
func goTo(ctx context.Context, c *call, text string) error {
	to, err := whole(text)
	if err != nil {
		return err
	}
	r := control.Request{Verb: control.Migrate, PID: c.number, To: to}
	switch {
	case to == balance:
		r.To, r.Balance = 0, true
	case to < 0 || to > nodelist.Last:
		return invalid("%d: node numbers are 1…%d, 0 is home, %d where it runs best", to, nodelist.Last, balance)
	}
	if c.pid == c.number {
		_, err = c.ask(ctx, r)
		return err
	}
	r.Wait = true
	_, err = c.waitFor(ctx, r)
	return err
}

func cantMove(ctx context.Context, c *call) (string, error) {
	r, err := c.ask(ctx, control.Request{Verb: control.Why, PID: c.number})
	if r == nil || r.Code != supervisor.CannotMove {
		return "", err
	}
	var b strings.Builder
	for _, reason := range r.Reasons {
		fmt.Fprintf(&b, "%s: %s\n", reason.Code, reason.Text)
	}
	return b.String(), nil
}
