// Package ptrace traces processes of this machine: one OS thread makes every
// request, and every state change of every tracee comes through one loop.
//
// The kernel accepts ptrace requests only from the thread that attached, so a
// Loop owns one locked OS thread. Stops are collected with wait4(-1) and handed
// to one function, never waited for one thread at a time: wait4 on a thread
// group leader does not return before all its other traced threads are reaped,
// and a supervisor that blocks there while the program exits blocks for ever.
//
// What a stop means is the caller's business; this package only decodes it.
package ptrace
