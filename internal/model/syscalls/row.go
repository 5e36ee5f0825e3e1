package syscalls

import "openmosix/internal/model/abi"

// Where says where a call of a process away from home runs.
type Where uint8

const (
	Unknown Where = iota // no row: answered ENOSYS and reported, never run
	Here                 // the guest's kernel runs it, natively, allowed by the filter
	Home                 // copied in, executed by the deputy, copied out
	Both                 // a handler changes both halves of the process
	Answer               // a handler answers from what the guest side knows (or falls back to Home)
	Return               // the process comes home and runs it there
	Refuse               // fails with Row.Errno, for Row.Reason
)

// Interrupt says how a signal ends the call while it sleeps.
type Interrupt uint8

const (
	Never        Interrupt = iota // does not sleep interruptibly
	Restart                       // -ERESTARTSYS: restarted under SA_RESTART or without a handler
	RestartBlock                  // -ERESTART_RESTARTBLOCK: goes on through restart_syscall with the time that is left
	NoHand                        // -ERESTARTNOHAND: restarted only if no handler runs
	NoIntr                        // -ERESTARTNOINTR: always restarted
	Eintr                         // EINTR always, even after a mere stop and continue (signal(7))
)

// Row describes one system call, or one variant of a multiplexed one.
type Row struct {
	Nr      int
	Name    string
	Where   Where
	When    []Cond  // Where holds only for calls that meet every condition ...
	Else    Where   // ... and this for the others
	Handler Handler // Both, Answer: who does it
	Args    args
	// Mask: the call must be executed under the caller's signal mask, because
	// the kernel looks at it (SIGTTOU blocked lets a background process through).
	Mask      bool
	Interrupt Interrupt
	Errno     abi.Errno // Refuse
	Reason    string    // Return, Refuse: in words for users
	Note      string    // for the printed table
	Guarded   bool      // the call changes mappings: kept out of the reserved region (see Filter)
	Variants  *Variants // a multiplexed call: decided by one of its arguments
}

// Forwardable tells whether Gather knows how to send this row home.
func (r *Row) Forwardable() bool {
	return r.Where == Home || r.Else == Home || (r.Args != nil && (r.Where == Answer || r.Where == Both || r.Else == Answer || r.Else == Both))
}

// Kind is that of an argument, Num if nothing is known of it.
func (r *Row) Kind(arg int) Kind {
	if arg >= len(r.Args) {
		return Num
	}
	return r.Args[arg].Kind
}

// EndsWithEintr tells whether a mere stop may end the call with EINTR, although
// nothing was done and no handler runs: signal(7). That includes waiting for a
// socket that has a time-out.
func (r *Row) EndsWithEintr() bool {
	receives, sends := TimedBySocket(r.Nr)
	return receives || sends || r.Interrupt == Eintr
}

// TimedBySocket tells of the calls that wait no longer than their socket says, if the first argument is one: by
// SO_RCVTIMEO or SO_SNDTIMEO, socket(7).
func TimedBySocket(nr int) (receives, sends bool) {
	switch nr {
	case 0, 19, 43, 45, 47, 288, 299: // read readv accept recvfrom recvmsg accept4 recvmmsg
		return true, false
	case 1, 20, 40, 42, 44, 46, 307: // write writev sendfile connect sendto sendmsg sendmmsg
		return false, true
	}
	return false, false
}

// Cond is one condition on an argument, as data, so that the filter and
// Resolve cannot differ. Arguments are compared as the kernel's int, that is
// by their lower half, unless Long.
type Cond struct {
	Arg  int8
	Mask uint32 // 0: all bits
	In   []uint32
	Not  bool // the value must not be among In
	Long bool // the kernel's type is long: the upper half must be zero
}

func (c *Cond) holds(a [6]uint64) bool {
	v := a[c.Arg]
	if c.Long && v>>32 != 0 {
		return false
	}
	w := uint32(v)
	if c.Mask != 0 {
		w &= c.Mask
	}
	for _, x := range c.In {
		if x == w {
			return !c.Not
		}
	}
	return c.Not
}

func meets(conds []Cond, a [6]uint64) bool {
	for i := range conds {
		if !conds[i].holds(a) {
			return false
		}
	}
	return true
}

func (w Where) String() string {
	return [...]string{"Unknown", "Here", "Home", "Both", "Answer", "Return", "Refuse"}[w]
}

func (i Interrupt) String() string {
	return [...]string{"Never", "Restart", "RestartBlock", "NoHand", "NoIntr", "Eintr"}[i]
}
