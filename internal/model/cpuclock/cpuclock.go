// Package cpuclock knows the clocks that count CPU time by their numbers, and which POSIX timers
// on them can move with their process: clock_getcpuclockid(3), timer_create(2).
package cpuclock

// Clock is one of them.
type Clock struct {
	ID     int  // of the process or thread whose time it counts; 0: of who asks
	Thread bool // one thread's time
	Ticks  bool // in steps of a tick, and perhaps of the time outside of the kernel alone: nobody asks for these
}

// The numbers of the caller's own clocks. Those of others are made of an id.
const (
	process = 2 // CLOCK_PROCESS_CPUTIME_ID
	thread  = 3 // CLOCK_THREAD_CPUTIME_ID

	kind       = 3 // the lowest bits
	sched      = 2 // ... of what the scheduler counts
	descriptor = 3 // ... of no CPU clock, but a device's descriptor
	perThread  = 4
	idShift    = 3
)

// Parse reads a clock's number. False: it does not count CPU time.
func Parse(number int32) (Clock, bool) {
	switch {
	case number == process:
		return Clock{}, true
	case number == thread:
		return Clock{Thread: true}, true
	case number >= 0 || number&kind == descriptor:
		return Clock{}, false
	}
	return Clock{ID: int(^(number >> idShift)), Thread: number&perThread != 0, Ticks: number&kind != sched}, true
}

// Number is what the kernel calls the clock.
func (c Clock) Number() int32 {
	n := ^int32(c.ID)<<idShift | sched
	if c.Thread {
		n |= perThread
	}
	return n
}

// OfProcess tells whether it counts the time of all of the process that knows itself as own.
func (c Clock) OfProcess(own int) bool { return !c.Thread && (c.ID == 0 || c.ID == own) }

// Timed tells whether a timer on the clock can move with the process that knows itself as own: it
// counts that process's time, or one of its threads'. The kernel makes no others on threads.
func (c Clock) Timed(own int) bool { return !c.Ticks && (c.Thread || c.OfProcess(own)) }

// Raised tells whether the signal of such a timer may come from where the process runs. What stops
// a process, lets it go on or kills it is to come from home, and so is the end of a child.
func Raised(signal int) bool {
	const kill, child, ttou = 9, 17, 22 // between the latter two: CONT, STOP, TSTP, TTIN
	return signal != kill && (signal < child || signal > ttou)
}
