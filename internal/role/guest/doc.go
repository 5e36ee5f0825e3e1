// Package guest is the guest supervisor: it builds the bodies of processes
// that come to this node, lets them run, forwards their calls home, and sends
// them on. It serves one session: one process that came, and what it forks.
//
// It runs without privileges. A body lives in user, pid and time namespaces of
// its own, with the ids it has at home, under a filter that lets only local
// calls through; everything else becomes a notification to this supervisor.
// The namespaces' init is a bare stub (package stub); when the supervisor dies
// the init dies, and everything in the namespaces with it.
//
// Who does what:
//
//	tracing thread  every stop: stops.go. Never waits.
//	receiver        takes notifications and forwards calls: trap.go
//	link reader     everything home says; writes results into the body: link.go
//	sequences       one goroutine for each move and each call that needs the
//	                thread stopped (clone, file mmap …): thaw.go, freeze.go, clone.go, mmap.go
//
// Lock order: Guest.mu, then body.mu, then strand.mu; nothing blocks under them.
package guest
