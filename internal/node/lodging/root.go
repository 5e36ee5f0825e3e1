package lodging

import (
	"fmt"
	"os"

	"openmosix/internal/linux/landlock"

	"golang.org/x/sys/unix"
)

// Root is a directory for guests to have as their root: it is empty, and as its
// name below dir has been removed nobody can ever put anything into it, root
// included. It is there as long as somebody has it open, or lives in it; the
// descriptor is good for nothing but to go there (O_PATH).
func Root(dir string) (*os.File, error) {
	const listed = 0o555 // who is to go there has no rights of root's
	name, err := os.MkdirTemp(dir, "empty-")
	if err != nil {
		return nil, fmt.Errorf("make an empty directory: %w", err)
	}
	defer func() { _ = os.Remove(name) }()
	if err := os.Chmod(name, listed); err != nil {
		return nil, fmt.Errorf("make an empty directory: %w", err)
	}
	f, err := os.OpenFile(name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open an empty directory: %w", err)
	}
	return f, nil
}

// Secluded says in words what beside the filter of its calls keeps a guest from
// the rest of this node.
func Secluded() string {
	const root = "an empty root"
	switch lacks := landlock.Lacks(landlock.ABI()); {
	case landlock.ABI() == 0:
		return root + "; this kernel has no Landlock, or it is turned off (its parameter lsm=)"
	case lacks != "":
		return root + " and Landlock, which in this kernel does not know " + lacks
	default:
		return root + " and Landlock"
	}
}
