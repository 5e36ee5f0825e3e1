package deputy

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// affinity notes the CPUs of threads that may not use all that home gives.
func (f *frozen) affinity() error {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return fmt.Errorf("read own CPUs: %w", err)
	}
	for i, t := range f.threads {
		if err := unix.SchedGetaffinity(t.TID, &one); err != nil {
			return fmt.Errorf("read the CPUs of thread %d: %w", t.TID, err)
		}
		th := &f.img.Threads[i]
		th.CPUs = nil
		if one == all {
			continue
		}
		for _, w := range one {
			th.CPUs = append(th.CPUs, uint64(w))
		}
	}
	return nil
}
