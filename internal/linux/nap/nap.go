// Package nap waits for less than a millisecond.
package nap

import (
	"time"

	"golang.org/x/sys/unix"
)

// For waits for that long, and what the kernel adds: 50 µs of timer slack, as a rule. A signal ends it early. time.Sleep takes more
// than a millisecond where nothing else of the program runs, as the runtime's poller counts in those (netpoll_epoll.go).
func For(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil)
}
