package employer

import (
	"runtime"
	"runtime/debug"

	"openmosix/internal/linux/gowatcher"
	"openmosix/internal/linux/timeslice"
)

const (
	// Processors for goroutines may be more than there are CPUs: a goroutine that
	// waits in the kernel keeps its own until the runtime's watcher takes it away. Each
	// takes memory, and what it allocates lies apart from what others do: a tenth of a
	// megabyte. So there are not more than mostProcessors on a large machine either, and as
	// long as there is one thread to serve, alone: who waits for it, for its process's end,
	// and for the other side wait by turns.
	alone           = 3
	leastProcessors = 4
	mostProcessors  = 16
	// collectAt is by how many percent the heap, which is small and short-lived,
	// grows until it is collected: that took a fifth of a supervisor's time.
	collectAt = 400
	// collectFrom is how much memory there may be of which some is garbage: large frames, of a
	// move or of a node that means ill, would grow fivefold by the rule above.
	collectFrom = 128 << 20
)

// calmRuntime makes Go's runtime fit for a process that waits in the kernel for
// most of the time, in futexes and notifications, on CPUs that others need. Its
// watcher (sysmon) wakes up every 20 microseconds while anything happens, to
// take processors from goroutines that wait there: a quarter of a supervisor's
// time, and each time somebody who computes is interrupted. With processors to
// spare it need not hurry: its sleeps may take longer (timer slack, proc(5)),
// and when it wakes up it takes nobody's place, but waits for its turn.
func calmRuntime() error {
	runtime.GOMAXPROCS(alone)
	debug.SetGCPercent(collectAt)
	debug.SetMemoryLimit(collectFrom)
	watcher, err := gowatcher.Thread()
	if err != nil {
		return err
	}
	if err := timeslice.Yield(watcher); err != nil {
		return err
	}
	return gowatcher.Calm(gowatcher.Supervisor)
}

// settle is called now and then: where processes move threads are made.
func (d *Daemon) settle() {
	if err := d.heirs.settle(); err != nil {
		d.Log.Debug("some threads wait for their turn", "error", err)
	}
}

// Holds tells how many threads and processes there are that may want something at once.
func (d *Daemon) Holds(threads int) {
	if threads > 1 {
		d.several.Do(func() { runtime.GOMAXPROCS(min(max(leastProcessors, runtime.NumCPU()), mostProcessors)) })
	}
}
