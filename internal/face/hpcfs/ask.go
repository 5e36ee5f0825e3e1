package hpcfs

import (
	"context"
	"errors"
	"strings"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
)

// Daemon is what the tree asks; a *control.Client is one.
type Daemon interface {
	Ask(ctx context.Context, r control.Request, progress func(control.Progress)) (*control.Result, error)
}

// patience is how long an answer may take that nothing has to be moved for.
// The daemon itself gives a node that is asked two seconds.
const patience = 15 * time.Second

// Tree is the file system, without a kernel.
type Tree struct {
	Daemon  Daemon
	Version string
	Proc    procfs.FS

	lastErrors lastErrors
	drafts     drafts
}

// call is one use of a file.
type call struct {
	*Tree
	// opener is who opened the file. His is the authority: a descriptor may be
	// handed to a program of another user, who must not lend his by writing to it.
	opener control.Caller
	pid    int // the process that reads or writes now; 0: of another pid namespace
	number int // the node or process whose directory it is
}

// ask wants an answer that comes soon. An interrupt does not end it: a process
// that is stopped to be moved would see its call fail.
func (c *call) ask(ctx context.Context, r control.Request) (*control.Result, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return c.waitFor(ctx, r)
}

// waitFor waits for a move, as long as ctx lives. ctx ends when the kernel
// interrupts the call: by a signal, or because the waiting process is itself
// stopped to be moved. It cannot stop before the call is over.
func (c *call) waitFor(ctx context.Context, r control.Request) (*control.Result, error) {
	r.OnBehalf = &c.opener
	result, err := c.Daemon.Ask(ctx, r, nil)
	if err != nil {
		return nil, failure(err)
	}
	return result, refusalOf(result)
}

func (c *call) settings(ctx context.Context) (v settings.Values, self int, err error) {
	r, err := c.ask(ctx, control.Request{Verb: control.Admin, Word: "show"})
	if err != nil {
		return v, 0, err
	}
	if r.Settings == nil {
		return v, 0, errStrange
	}
	return *r.Settings, r.Node, nil
}

func (c *call) set(ctx context.Context, word string, values ...int) error {
	_, err := c.ask(ctx, control.Request{Verb: control.Admin, Word: word, Values: values})
	return err
}

// node asks one node for its figures.
func (c *call) node(ctx context.Context, number int) (control.Node, error) {
	r, err := c.ask(ctx, control.Request{Verb: control.Nodes, To: number})
	if err != nil {
		return control.Node{}, err
	}
	if len(r.Nodes) != 1 {
		return control.Node{}, errStrange
	}
	return r.Nodes[0], nil
}

// guest is the one whose directory it is.
func (c *call) guest(ctx context.Context) (control.Guest, error) { return c.guestOf(ctx, c.number) }

func (c *call) guestOf(ctx context.Context, pid int) (control.Guest, error) {
	r, err := c.ask(ctx, control.Request{Verb: control.Lent})
	if err != nil {
		return control.Guest{}, err
	}
	for _, g := range r.Lent {
		if g.PID == pid {
			return g, nil
		}
	}
	return control.Guest{}, errGone
}

// moved is what is known of a process that has moved; one that never has is at home.
func (c *call) moved(ctx context.Context, pid int) (control.Proc, error) {
	r, err := c.ask(ctx, control.Request{Verb: control.PS})
	if err != nil {
		return control.Proc{}, err
	}
	for _, p := range r.Procs {
		if p.PID == pid {
			return p, nil
		}
	}
	if _, err := c.Proc.Status(pid); errors.Is(err, procfs.ErrGone) {
		return control.Proc{}, errGone
	}
	return control.Proc{PID: pid}, nil
}

// policy tells what holds for a process, after a change unless that is nil.
func (c *call) policy(ctx context.Context, pid int, change *policy.Change) (policy.Policy, error) {
	r, err := c.ask(ctx, control.Request{Verb: control.Policy, PID: pid, Change: change})
	if err != nil {
		return policy.Policy{}, err
	}
	if r.Policy == nil {
		return policy.Policy{}, errStrange
	}
	return *r.Policy, nil
}

// many has many processes moved, and names those that were not.
func (c *call) many(ctx context.Context, word string) error {
	r, err := c.waitFor(ctx, control.Request{Verb: control.Admin, Word: word})
	if err != nil {
		return err
	}
	var first error
	var texts []string
	for _, o := range r.Outcomes {
		if o.Code == "" {
			continue
		}
		texts = append(texts, outcomeText(o))
		if first == nil {
			first = refusalOf(&control.Result{Code: o.Code})
		}
	}
	if first == nil {
		return nil
	}
	return &callError{errno: errnoOf(first), text: strings.Join(texts, "; ")}
}
