// Package nap waits for less than a millisecond.
package nap

import (
	"time"

	"openmosix/internal/linux/gowatcher"

	"golang.org/x/sys/unix"
)

// For waits for that long, and what the kernel adds: 50 µs of timer slack. That is asked for each time, as a thread that
// the runtime's watcher has made begins with the watcher's, of milliseconds. A signal ends it early. time.Sleep takes more
// than a millisecond where nothing else of the program runs, as the runtime's poller counts in those (netpoll_epoll.go).
func For(d time.Duration) {
	gowatcher.UsualOwn()
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil)
}
