// Package nap waits for less than a millisecond.
package nap

import (
	"time"

	"golang.org/x/sys/unix"
)

// slack is what the kernel may add to a nap. It is asked for each time, as a thread that the runtime's
// watcher has made begins with the watcher's, of milliseconds (gowatcher).
const slack = 50 * time.Microsecond

// For waits for that long, and the slack. A signal ends it early. time.Sleep takes more
// than a millisecond where nothing else of the program runs, as the runtime's poller counts in those (netpoll_epoll.go).
func For(d time.Duration) {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0)
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil)
}
