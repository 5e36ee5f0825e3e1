// Package reexec names the parts of this program that run as processes of
// their own: the supervisors, and a relay's carrier. The daemon starts its own executable anew with
// one of these names as the first argument. They are not commands for people.
package reexec

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Names of the parts.
const (
	HomeSupervisor  = "supervise-home"
	GuestSupervisor = "supervise-guest"
	Carrier         = "carry"
)

// Main finds the part a program was started as. Second result: it is one.
func Main(args []string) (func() int, bool) {
	if len(args) < 2 {
		return nil, false
	}
	part, ok := parts[args[1]]
	if !ok {
		return nil, false
	}
	return func() int {
		outliveLog()
		return part()
	}, true
}

// outliveLog keeps a write to a log nobody reads any more (the daemon has
// died) from killing the process: Go's runtime raises SIGPIPE for descriptors 1
// and 2 unless the program takes the signal. Ignoring it instead would be
// inherited by what the supervisor executes.
func outliveLog() {
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
}
