package hpcfs

import (
	"context"
	"sync"
	"testing"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
)

// fake is a daemon that answers by functions and remembers what it was asked.
type fake struct {
	mu    sync.Mutex
	asked []control.Request

	values   settings.Values
	policies map[int]policy.Policy
	nodes    []control.Node
	procs    []control.Proc
	lent     []control.Guest
	answer   func(context.Context, control.Request) (*control.Result, error) // instead, unless it gives nil, nil
}

func (f *fake) Ask(ctx context.Context, r control.Request, _ func(control.Progress)) (*control.Result, error) {
	f.mu.Lock()
	f.asked = append(f.asked, r)
	f.mu.Unlock()
	if f.answer != nil {
		if result, err := f.answer(ctx, r); result != nil || err != nil {
			return result, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.Verb {
	case control.Admin:
		values := f.values
		return &control.Result{Settings: &values, Node: 1}, nil
	case control.Nodes:
		if r.To == 0 {
			return &control.Result{Nodes: f.nodes, Node: 1}, nil
		}
		for _, n := range f.nodes {
			if n.Number == r.To {
				return &control.Result{Nodes: []control.Node{n}, Node: 1}, nil
			}
		}
		return &control.Result{Code: supervisor.UnknownNode, Text: "unknown node"}, nil
	case control.PS:
		return &control.Result{Procs: f.procs}, nil
	case control.Lent:
		return &control.Result{Lent: f.lent}, nil
	case control.Policy:
		p := f.policies[r.PID]
		if r.Change != nil {
			p = r.Change.To(p)
			if err := p.Check(); err != nil {
				return &control.Result{Code: control.BadRequest, Text: err.Error()}, nil
			}
			f.policies[r.PID] = p
		}
		return &control.Result{Policy: &p}, nil
	}
	return &control.Result{}, nil
}

// recent is the last request.
func (f *fake) recent() control.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) == 0 {
		return control.Request{OnBehalf: &control.Caller{}}
	}
	return f.asked[len(f.asked)-1]
}

// last is the last request, and whether it was asked for this caller.
func (f *fake) last(t *testing.T, who control.Caller) control.Request {
	t.Helper()
	r := f.recent()
	if r.OnBehalf == nil || *r.OnBehalf != who {
		t.Errorf("%s was asked on behalf of %+v, want %+v", r.Verb, r.OnBehalf, who)
	}
	r.OnBehalf = nil
	return r
}

func newTree(f *fake) *Tree {
	if f.policies == nil {
		f.policies = make(map[int]policy.Policy)
	}
	return &Tree{Daemon: f, Version: "1.2", Proc: procfs.FS("/proc")}
}

// use reads or writes (text is not empty) a file as a caller.
func use(t *testing.T, tree *Tree, in place, name string, c call, text string) (string, error) {
	t.Helper()
	for _, f := range filesIn(in) {
		if f.name != name {
			continue
		}
		c.Tree = tree
		if text == "" {
			return c.readFile(t.Context(), &f)
		}
		return "", c.writeFile(t.Context(), &f, []byte(text))
	}
	t.Fatalf("no file %s", name)
	return "", nil
}
