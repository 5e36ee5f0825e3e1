package tracee

import (
	"fmt"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// grow has the kernel grow the mapping above down to v's beginning, as it does
// when the program touches memory there: then it stays one mapping, and goes on
// growing. An access through /proc/pid/mem does that, too, under the limit of
// whoever makes it.
func (p *Process) grow(v image.VMA) error {
	f := p.Family
	f.ownStack.Lock()
	defer f.ownStack.Unlock()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &old); err != nil {
		return fmt.Errorf("read own stack limit: %w", err)
	}
	_ = unix.Setrlimit(unix.RLIMIT_STACK, &unix.Rlimit{Cur: old.Max, Max: old.Max}) // else the soft one may do
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_STACK, &old) }()
	return p.Forced().Write(v.Start, []byte{0})
}
