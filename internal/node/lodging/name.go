package lodging

import (
	"fmt"
	"hash/fnv"
)

// DefaultGroup is the path of the control group of guests.
const DefaultGroup = "openmosix-guests"

// GroupOf is a path for it that no other daemon on the same kernel has: they have
// another run directory, or another pid namespace (the target of /proc/PID/ns/pid).
func GroupOf(runDir, pidSpace string) string {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, runDir, " ", pidSpace)
	return fmt.Sprintf("%s-%08x", DefaultGroup, h.Sum32())
}
