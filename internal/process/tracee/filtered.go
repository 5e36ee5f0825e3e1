package tracee

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// ErrFiltered: a seccomp filter of the process does not let it make the calls
// that a move needs. Most such filters kill.
var ErrFiltered = errors.New("it is under a seccomp filter")

// mayCall looks whether the filters the threads are under let them do what the
// supervisor will have them do, and the calls besides. Nothing has been made in the process
// yet: it would be its last call.
func (h *Hold) mayCall(besides ...string) error {
	judged := map[string]bool{}
	if h.Proc.timesCPU() {
		besides = append(besides, syscalls.TimerCalls()...)
	}
	for _, t := range h.Threads() {
		var filters [][]syscalls.Instr
		var err error
		h.Do(func() { filters, err = ptrace.Filters(t.TID) })
		if errors.Is(err, unix.EACCES) {
			err = t.underOurs()
		}
		if err != nil && !errors.Is(err, unix.ESRCH) { // its end is noticed elsewhere
			return err
		}
		for _, f := range filters {
			key := fmt.Sprint(f) // threads share theirs
			if judged[key] {
				continue
			}
			judged[key] = true
			if calls := syscalls.Hindered(f, besides...); len(calls) > 0 {
				return fmt.Errorf("%w that does not let it make calls which a move needs: %s", ErrFiltered, few(calls))
			}
		}
	}
	return nil
}

// few spells the first names out.
func few(names []string) string {
	const most = 3
	text := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// underOurs is for a supervisor that may not read filters, as in a container
// that puts one on all its processes: what a thread is under besides may be anything.
func (t *Thread) underOurs() error {
	its, err := t.Proc.Family.FS.ThreadStatus(t.Proc.PID, t.TID)
	if err != nil {
		return err
	}
	own, err := t.Proc.Family.FS.Status(os.Getpid())
	if err != nil {
		return err
	}
	if its.SeccompFilters > own.SeccompFilters {
		return fmt.Errorf("%w of its own, which cannot be read here", ErrFiltered)
	}
	return nil
}
