package ptrace

import "time"

const (
	// seizePatience is how long an attaching may take before others reap, and reapPause is between two looks.
	seizePatience = 10 * time.Millisecond
	reapPause     = 2 * time.Millisecond
)

// Seize attaches without stopping. ESRCH: the thread is gone; EPERM: not allowed or already traced.
//
// While a thread of the process executes a program the kernel has it wait (cred_guard_mutex in fs/exec.c). That thread waits
// for all others to be reaped, which of those that are traced already is this thread's to do: nobody would ever go on. So
// another one reaps meanwhile, and the loop takes up what it has reaped.
//
// Precondition: on the tracing thread.
func (l *Loop) Seize(tid, options int) error {
	over, reaped := make(chan struct{}), make(chan struct{})
	late := time.AfterFunc(seizePatience, func() {
		defer close(reaped)
		for {
			for s, some := reapAny(); some; s, some = reapAny() {
				l.early = append(l.early, s)
			}
			select {
			case <-over:
				return
			case <-time.After(reapPause):
			}
		}
	})
	err := seize(tid, options)
	close(over)
	if !late.Stop() {
		<-reaped
	}
	return err
}
