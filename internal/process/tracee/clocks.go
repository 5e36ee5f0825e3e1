package tracee

import (
	"time"

	"openmosix/internal/model/image"
)

// AwaitClocks waits until the clocks that a process is going to read, which now tells in nanoseconds, have come to where it has
// read them last, at its freeze: clock_gettime(2) promises that they never go back. Nodes of one boot have the same clocks, and need not wait. Others'
// run at speeds of their own, and a session sets its own by home's not more exactly than the way between them is known: some milliseconds.
// It waits for limit at most, and tells whether that was enough.
func AwaitClocks(img *image.Image, now func() (monotonic, boottime int64), limit time.Duration) bool {
	for end := time.Now().Add(limit); ; {
		monotonic, boottime := now()
		behind := time.Duration(max(img.Monotonic-monotonic, img.Boottime-boottime))
		left := time.Until(end)
		if behind <= 0 || left <= 0 {
			return behind <= 0
		}
		time.Sleep(min(behind, left))
	}
}

// MostBehind is how long a process waits for its clocks. Clocks that nobody sets run apart by a second in some hours.
const MostBehind = 10 * time.Second
