// Command openmosix is all of openMosix in one file: the commands, the node
// daemon, and the supervisors that the daemon starts.
package main

import (
	"os"

	"openmosix/internal/face/cli"
	"openmosix/internal/node/reexec"
)

// version is set by the linker (see the Makefile).
var version = "unknown"

func main() {
	if part, ok := reexec.Main(os.Args); ok {
		os.Exit(part())
	}
	os.Exit(cli.Main(os.Args, version))
}
