// Package weight reads and sets how much of a CPU a thread gets beside others: its policy and niceness, sched(7).
package weight

import (
	"fmt"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Of is the weight of a thread.
func Of(tid int) (image.Weight, error) {
	attr, err := unix.SchedGetAttr(tid, 0)
	if err != nil {
		return image.Weight{}, fmt.Errorf("weight of thread %d: %w", tid, err)
	}
	return image.Weight{Policy: attr.Policy, Nice: attr.Nice}, nil
}

// Set gives a thread a weight, and the time slice that goes with its policy. To be less nice than before takes the
// right to it (RLIMIT_NICE of the thread, CAP_SYS_NICE).
func Set(tid int, w image.Weight) error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: w.Policy, Nice: w.Nice}
	if err := unix.SchedSetAttr(tid, &attr, 0); err != nil {
		return fmt.Errorf("give thread %d the weight %+v: %w", tid, w, err)
	}
	return nil
}
