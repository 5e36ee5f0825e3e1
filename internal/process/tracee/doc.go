// Package tracee holds the processes of one family while a supervisor traces
// them: who the threads are, who may act on a stop, and the steps (stop, park
// in the stub, serve calls, let go) from which freezing and thawing are made.
//
// Ownership. The tables are written on the tracing thread only (package
// ptrace) and read anywhere under Family.mu. A stop of a thread goes either to
// the Role (the supervisor's state machine) or, while a Hold exists, to that
// hold: a Hold is a goroutine's exclusive right to a process's threads. A hold
// may wait; the Role may not.
//
// Lock order: a process's or family's mu is taken last; nothing is called with
// it held.
package tracee
