// Package check tells why a process cannot move.
//
// It looks from outside, through proc and kcmp: nothing is frozen, traced or
// changed, so it may be asked about any process at any time. What the facts
// mean is decided in model/refusal. A process that runs can change between the
// look and the move; whoever freezes it looks again.
//
// It needs the right to trace the process. A Checker has no state of its own
// and may be used concurrently.
package check

import (
	"errors"
	"fmt"
	"os"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"
	"openmosix/internal/model/refusal"

	"golang.org/x/sys/unix"
)

// Checker knows what of its own doing it may meet in a process.
type Checker struct {
	FS procfs.FS
	// Own are the places in which we keep memory in processes that have moved before.
	Own []image.Range
	// Guest tells whether a process is a guest of this node; nil for none.
	Guest func(pid int) bool
}

// ErrThread: the number is that of a thread, which moves with its process only.
var ErrThread = errors.New("not a process but one of its threads")

// Why lists the reasons why a process cannot move, none when it can. A process
// that does not exist, or ends meanwhile, is procfs.ErrGone.
func Why(fs procfs.FS, pid int) ([]refusal.Finding, error) {
	return Checker{FS: fs}.Why(pid)
}

// Why lists the reasons why a process cannot move, as the function does. Where
// a part of the process is closed to us, the reasons found so far are an
// answer, but none found is an error.
func (c Checker) Why(pid int) ([]refusal.Finding, error) {
	facts, err := c.Facts(pid)
	if facts != nil && errors.Is(err, os.ErrPermission) {
		if found := refusal.Judge(*facts); len(found) > 0 {
			return found, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("check process %d: %w", pid, err)
	}
	return refusal.Judge(*facts), nil
}

// Fresh is Why of a process that stands at the beginning of a program: there is
// one thread, and its memory is nobody else's and as the kernel has made it.
func (c Checker) Fresh(pid int) ([]refusal.Finding, error) {
	facts := &refusal.Facts{PID: pid, Own: c.Own}
	for _, collect := range []func(*refusal.Facts) error{c.threads, c.executable, c.descriptors} {
		if err := collect(facts); err != nil {
			return nil, fmt.Errorf("check process %d: %w", pid, err)
		}
	}
	return refusal.Judge(*facts), nil
}

// Facts collects what refusal.Judge wants to know. Of a process that has ended
// or is no program there is less to know. With an error that is
// os.ErrPermission come the facts that could be had.
func (c Checker) Facts(pid int) (*refusal.Facts, error) {
	status, err := c.FS.Status(pid)
	if err != nil {
		return nil, err
	}
	if status.Tgid != pid {
		return nil, fmt.Errorf("%w (of process %d)", ErrThread, status.Tgid)
	}
	stat, err := c.FS.Stat(pid)
	if err != nil {
		return nil, err
	}
	facts := &refusal.Facts{
		PID: pid, Numbers: status.NSpid, State: status.State,
		Kernel:      status.Kthread || stat.Flags&procfs.FlagKthread != 0,
		DumpingCore: status.CoreDumping,
		CPUTimers:   c.cpuTimers(pid),
		Own:         c.Own,
		Guest:       c.Guest != nil && c.Guest(pid),
	}
	for _, feature := range status.ThreadFeatures {
		facts.ShadowStack = facts.ShadowStack || feature == "shstk"
	}
	if err := c.threads(facts); err != nil {
		return nil, err
	}
	if facts.Kernel || status.State == 'Z' || status.State == 'X' {
		return facts, nil
	}
	c.tracer(facts, status.TracerPid)
	var closed error
	for _, collect := range []func(*refusal.Facts) error{c.executable, c.memory, c.descriptors, c.others} {
		err := collect(facts)
		switch {
		case errors.Is(err, os.ErrPermission):
			closed = err
		case errors.Is(err, unix.ESRCH):
			return nil, procfs.ErrGone // its memory has gone, which is a part of its end
		case err != nil:
			return nil, err
		}
	}
	if now, err := c.FS.Status(pid); err == nil && now.TracerPid != 0 { // whose userfaultfd may have been seen
		facts.Supervised = facts.Supervised || c.ours(now.TracerPid)
	}
	if !c.FS.Alive(pid, stat.StartTime) {
		return nil, procfs.ErrGone // part of what was seen may be another process's
	}
	return facts, closed
}
