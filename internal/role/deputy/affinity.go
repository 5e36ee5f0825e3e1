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
		f.img.Threads[i].CPUs = cpusOf(one, all)
	}
	return nil
}

// cpusOf is the mask of a thread as it is told: nil if it may use all that home gives.
func cpusOf(one, all unix.CPUSet) (words []uint64) {
	if one == all {
		return nil
	}
	for _, w := range one {
		words = append(words, uint64(w))
	}
	return words
}
