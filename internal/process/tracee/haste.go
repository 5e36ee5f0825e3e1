package tracee

import "openmosix/internal/linux/timeslice"

// Hasten has threads that wait in the stub for calls run as soon as they are
// woken, also on a CPU that others keep busy: a process elsewhere waits for them,
// and they compute nothing. What they make inherits it. LeaveStub, or Unhasten
// where a thread has left the stub by an execve, puts it right again.
//
// A kernel that has no such thing is as good as it was.
func Hasten(ts ...*Thread) {
	ordinary, err := timeslice.Ordinary()
	if err != nil {
		return
	}
	for _, t := range ts {
		if own, err := timeslice.Of(t.TID); err == nil && own != ordinary {
			t.slice = own
		}
		_ = timeslice.Set(t.TID, timeslice.Short)
	}
}

// Unhasten gives threads the time slice they had before Hasten, or the ordinary one.
func Unhasten(ts ...*Thread) {
	for _, t := range ts {
		_ = timeslice.Set(t.TID, t.slice)
	}
}
