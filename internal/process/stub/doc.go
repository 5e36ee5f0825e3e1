// Package stub is the one piece of machine code that runs inside other
// processes: a loop that serves system calls to its supervisor from a slot of
// shared memory.
//
// It runs in three places. A deputy's threads sit in it while their process is
// away, and execute the calls their guest forwards. The init of a guest's
// namespaces is nothing but this loop. And a guest runs it while it is being
// built, captured or extended, so that the supervisor needs no injected call
// per step. It is no hole in the guest's sandbox: its system call instructions
// are filtered like any other of the process.
//
// One slot belongs to one thread. Protocol (both words hold an even sequence
// number, plus one while somebody waits on them):
//
//	supervisor  fills number and arguments, then exchanges `call` for the next
//	            sequence; if the old word had the waiting bit, wakes it
//	stub        runs the call, stores the result, exchanges `done` for the same
//	            sequence; if the old word had the waiting bit, wakes it
//	waiting     the waiter sets the bit with compare-and-swap in the very word it
//	            waits on, so a post in between makes either the swap or the
//	            futex wait fail: no wake-up is lost
//
// The stub keeps the slot's address in rbx and the last sequence in r12. It
// uses no stack, so a new thread gets its own slot's address as its stack
// pointer and knows by that that it is the child.
package stub
