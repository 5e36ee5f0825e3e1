package deputy

import (
	"fmt"

	"openmosix/internal/linux/weight"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// affinity notes the weights of threads, and the CPUs of those that may not use all that home gives.
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
		var err error
		if f.img.Threads[i].Weight, err = weight.Of(t.TID); err != nil {
			return err
		}
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

// weighAsHere gives the threads of an image the weights they have at home now: of the newest no guest's side has heard.
func (p *proc) weighAsHere(img *image.Image) {
	for i := range img.Threads {
		if t := p.ThreadByOwn(img.Threads[i].TID); t != nil {
			if w, err := weight.Of(t.TID); err == nil {
				img.Threads[i].Weight = w
			}
		}
	}
}
