package procfs

import (
	"bytes"
	"fmt"
	"time"
)

// Sched is what /proc/pid/task/tid/sched tells of a thread.
type Sched struct {
	// Began is when its present turn on a CPU was last accounted for, by that CPU's own clock of tasks: of a
	// thread that sleeps, when it fell asleep.
	Began time.Duration
	// Sleeps is how often it has given its CPU up by itself.
	Sleeps uint64
}

// Sched of a thread. Not every kernel tells.
func (f FS) Sched(pid, tid int) (Sched, error) {
	return parsed(f.TaskPath(pid, tid, "sched"), little, ParseSched)
}

// ParseSched parses a sched file: lines of a name, a colon and a number; times are milliseconds with six
// digits behind the point.
func ParseSched(b []byte) (Sched, error) {
	var s Sched
	began, sleeps := false, false
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		key, value, _ := bytes.Cut(l, []byte{':'})
		switch string(bytes.TrimSpace(key)) {
		case "se.exec_start":
			whole, part, _ := bytes.Cut(bytes.TrimSpace(value), []byte{'.'})
			ms, ok1 := number(whole, 10)
			ns, ok2 := number(part, 10)
			if began = ok1 && ok2 && ms < 1<<43 && len(part) == 6; began {
				s.Began = time.Duration(ms)*time.Millisecond + time.Duration(ns)
			}
		case "nr_voluntary_switches":
			s.Sleeps, sleeps = number(bytes.TrimSpace(value), 10)
		}
	}
	if !began || !sleeps {
		return Sched{}, fmt.Errorf("sched without what is asked for: %w", errFormat)
	}
	return s, nil
}
