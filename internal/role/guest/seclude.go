package guest

import (
	"errors"
	"fmt"

	"openmosix/internal/linux/landlock"

	"golang.org/x/sys/unix"
)

// exeFD and rootFD are what the init is started with beside the supply: its
// program, and the directory that is to be its root. It keeps neither.
const (
	exeFD  = 3
	rootFD = 5
)

var errNoRoot = errors.New("the daemon has given no empty directory to be the root of guests")

// seclude takes from the init, and so from all bodies, what it does not need any
// more. Precondition: everything it is to open has been opened.
//
// Its root becomes a directory that the daemon has made and removed: nothing is in
// it, and nobody, not even root, can put anything there. Out of it lead an open
// directory (there is none: the descriptor of the root itself is closed) and
// CAP_SYS_CHROOT (which is dropped). This costs three calls of a microsecond; a
// mount namespace of each session's own would be copied at its beginning, and
// waited for (synchronize_rcu) when its old root is taken out.
//
// Landlock says the same once more, for files that a hole in the kernel or in the
// supervisor might open, and beside them for TCP, for abstract sockets, and for
// signals to whoever is outside. A body inherits it.
func (in *nsInit) seclude() error {
	t := in.t
	for _, step := range []struct {
		what string
		nr   int
		args []uint64
	}{
		{"close the init's program", unix.SYS_CLOSE, []uint64{exeFD}},
		{"enter the empty root", unix.SYS_FCHDIR, []uint64{rootFD}},
		{"take the empty root", unix.SYS_CHROOT, []uint64{t.Put(0, []byte(".\x00"))}},
		{"close the empty root", unix.SYS_CLOSE, []uint64{rootFD}},
	} {
		if _, err := t.Must(step.what, step.nr, step.args...); err != nil {
			return err
		}
	}
	if err := in.restrict(landlock.ABI()); err != nil {
		return err
	}
	return setCapabilities(t, 1<<capCheckpointRestore)
}

// restrict puts the init under Landlock, if the kernel has it.
func (in *nsInit) restrict(abi int) error {
	if abi < 1 {
		return nil // the daemon's log tells it
	}
	attr := landlock.Nothing(abi)
	rules, err := in.t.Must("make a ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, in.t.Put(0, attr), uint64(len(attr)), 0)
	if err != nil {
		return err
	}
	if _, err := in.t.Must("restrict the guest", unix.SYS_LANDLOCK_RESTRICT_SELF, uint64(rules), 0); err != nil {
		return err
	}
	if _, err := in.t.Must("close the ruleset", unix.SYS_CLOSE, uint64(rules)); err != nil {
		return fmt.Errorf("restrict the guest: %w", err)
	}
	return nil
}
