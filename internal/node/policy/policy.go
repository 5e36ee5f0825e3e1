// Package policy is what users say of single processes: that one is locked,
// which nodes it may go to, how much the lender is told of it, what kind of
// work it does. It is inherited over fork and exec.
//
// A Registry belongs to the daemon. Its lock guards all of it; what is read of
// processes is read outside. How a child is recognised whose parent nobody
// traces, and where that can fail, is written in docs/design/0005-policies.md.
package policy

import (
	"fmt"

	"openmosix/internal/model/nodelist"
)

// Policy of one process.
type Policy struct {
	Lock bool `json:"lock"` // not moved unless somebody says so
	// Allow and Deny are the nodes it may and may not go to. Empty: all and none. Home is always allowed.
	Allow      nodelist.List `json:"allow,omitempty"`
	Deny       nodelist.List `json:"deny,omitempty"`
	Disclosure int           `json:"disclosure"`          // see the constants
	Kind       Kind          `json:"kind,omitempty"`      // of work
	Decay      Decay         `json:"decay,omitempty"`     // of its statistics
	Period     int           `json:"period,omitempty"`    // seconds between two decays; 0: the node's
	Keep       int           `json:"keep,omitempty"`      // what is kept then, per mille; 0: as Decay says
	OverExec   Carry         `json:"over_exec,omitempty"` // "": Clear, another program is another job
	OverFork   Carry         `json:"over_fork,omitempty"` // "": Retain, a child is first what its parent was
}

// What the lender is told of a guest, each level beside what the one before
// tells.
const (
	TellDefault = -1 // as the node's configuration says
	TellNothing = 0
	TellPID     = 1
	TellUser    = 2 // and group
	TellCommand = 3 // and arguments
)

// unsaid is the policy of a process nobody has said anything of.
func unsaid() Policy { return Policy{Disclosure: TellDefault} }

// Kind of work, as the user knows it.
type Kind string

// The kinds.
const (
	CPUJob Kind = "cpu"
	IOJob  Kind = "io"
)

// Decay of the statistics of a process.
type Decay string

// The decays.
const (
	NoDecay   Decay = "none"
	SlowDecay Decay = "slow"
	FastDecay Decay = "fast"
)

// Carry is what becomes of the statistics of a process where another program or
// another process goes on.
type Carry string

// The two ways.
const (
	Retain Carry = "keep"
	Clear  Carry = "clear"
)

func (c Carry) known() bool { return c == "" || c == Retain || c == Clear }

// Check finds what makes no sense: policies come from users.
func (p Policy) Check() error {
	switch {
	case p.Disclosure < TellDefault || p.Disclosure > TellCommand:
		return fmt.Errorf("disclosure %d is not in %d…%d (%d: as the node's configuration says)", p.Disclosure, TellNothing, TellCommand, TellDefault)
	case p.Kind != "" && p.Kind != CPUJob && p.Kind != IOJob:
		return fmt.Errorf("%q is no kind of work", p.Kind)
	case p.Decay != "" && p.Decay != NoDecay && p.Decay != SlowDecay && p.Decay != FastDecay:
		return fmt.Errorf("%q is no decay", p.Decay)
	case !p.OverExec.known() || !p.OverFork.known():
		return fmt.Errorf("statistics are kept or cleared over exec and fork, not %q and %q", p.OverExec, p.OverFork)
	case p.Period < 0 || p.Period > 65535:
		return fmt.Errorf("decay interval %d is not in 1…65535 seconds", p.Period)
	case p.Keep < 0 || p.Keep > 1000:
		return fmt.Errorf("decay of %d per mille is not in 1…1000", p.Keep)
	}
	return nil
}

// MayGo tells whether the process may go to a node that is not its home.
func (p Policy) MayGo(node int) bool {
	return (len(p.Allow) == 0 || p.Allow.Has(node)) && !p.Deny.Has(node)
}

// Places says where it may go, for people.
func (p Policy) Places() string {
	switch {
	case len(p.Allow) > 0 && len(p.Deny) > 0:
		return fmt.Sprintf("only to %v, not to %v", p.Allow, p.Deny)
	case len(p.Allow) > 0:
		return fmt.Sprintf("only to %v", p.Allow)
	case len(p.Deny) > 0:
		return fmt.Sprintf("not to %v", p.Deny)
	}
	return "anywhere"
}

// Change is what to say of a process; nil: as it is.
type Change struct {
	Lock       *bool          `json:"lock,omitempty"`
	Allow      *nodelist.List `json:"allow,omitempty"`
	Deny       *nodelist.List `json:"deny,omitempty"`
	Disclosure *int           `json:"disclosure,omitempty"`
	Kind       *Kind          `json:"kind,omitempty"`
	Decay      *Decay         `json:"decay,omitempty"`
	Period     *int           `json:"period,omitempty"`
	Keep       *int           `json:"keep,omitempty"`
	OverExec   *Carry         `json:"over_exec,omitempty"`
	OverFork   *Carry         `json:"over_fork,omitempty"`
}

// To applies a change.
func (c Change) To(p Policy) Policy {
	set(&p.Lock, c.Lock)
	set(&p.Allow, c.Allow)
	set(&p.Deny, c.Deny)
	set(&p.Disclosure, c.Disclosure)
	set(&p.Kind, c.Kind)
	set(&p.Decay, c.Decay)
	set(&p.Period, c.Period)
	set(&p.Keep, c.Keep)
	set(&p.OverExec, c.OverExec)
	set(&p.OverFork, c.OverFork)
	return p
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}
