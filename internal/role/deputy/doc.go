// Package deputy is the home supervisor: it keeps the processes of one family
// whose bodies live on other nodes.
//
// A process that is away leaves its deputy: itself, all its threads waiting in
// the stub (package stub), owning pid, files, terminal, children and signals.
// The supervisor gives each thread the calls its guest forwards, passes the
// signals on, makes threads and processes when the guest does, and runs the
// moves: away, onward, home.
//
// Who does what:
//
//	tracing thread   every stop: stops.go. Never waits.
//	link readers     one goroutine for each guest supervisor: link.go
//	deputies         one goroutine for each thread that is away, which posts
//	                 calls to the thread's slot and sends the replies: calls.go
//	moves            one goroutine for each move: out.go, onward.go, home.go
//
// Lock order: Supervisor.mu, then proc.mu, then deputy.mu. Nothing that can
// block (a send, a wait) is done under any of them.
package deputy
