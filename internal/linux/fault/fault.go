// Package fault stops a process at a named point of its work, so that a test
// can end it, or what it works with, exactly there: a supervisor that is to
// stop at a point sends itself SIGSTOP when it gets there, once. What happens
// next is up to whoever wanted it to. It is for tests; without a point it does
// nothing. It decides nothing and knows nothing of what goes on at the points.
package fault

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Point names a place in a move.
type Point string

// The points, in the order in which a move reaches them.
const (
	// Out: the home supervisor.
	HomePrepared  Point = "home.prepared"  // the body is built, the process runs
	HomeFrozen    Point = "home.frozen"    // every thread is stopped
	HomeParked    Point = "home.parked"    // every thread waits in the stub
	HomeSent      Point = "home.sent"      // everything has been sent
	HomeThawed    Point = "home.thawed"    // the guest runs, the commit is next
	HomeCommitted Point = "home.committed" // the threads are deputies
	// Out: the guest supervisor.
	GuestAnnounced Point = "guest.announced" // it knows what is to come
	GuestBuilt     Point = "guest.built"     // the body is there, empty
	GuestFilled    Point = "guest.filled"    // its memory is the process's
	GuestRunning   Point = "guest.running"   // it runs, home does not know it
	// Back, and onward: both.
	GuestFrozen  Point = "guest.frozen"  // every thread is stopped and captured
	GuestLeft    Point = "guest.left"    // everything has been sent
	HomeReturns  Point = "home.returns"  // the image is there, the pages come
	HomeReceived Point = "home.received" // the process is whole at home, the guest forgotten
	HomeRelayed  Point = "home.relayed"  // onward: the new guest runs, the old one waits
	HomeHanded   Point = "home.handed"   // onward: the old one is about to be told
	// Away: it makes a process.
	HomeForks Point = "home.forks" // the deputy of the new one is there, and has not been heard of
	// Away: pages are missing.
	GuestFetches Point = "guest.fetches" // the body runs, home has been told, the rest will be asked for
	HomeServes   Point = "home.serves"   // pages were asked for after the commit
	GuestServes  Point = "guest.serves"  // onward: pages were asked of the node it has left
	HomeFetches  Point = "home.fetches"  // back: the process runs at home, the rest will be asked for
	HomePasses   Point = "home.passes"   // onward: such pages have come to home after the commit
)

// Points lists all of them.
func Points() []Point {
	return []Point{HomePrepared, HomeFrozen, HomeParked, HomeSent, HomeThawed, HomeCommitted, GuestAnnounced, GuestBuilt,
		GuestFilled, GuestRunning, GuestFrozen, GuestLeft, HomeReturns, HomeReceived, HomeRelayed, HomeHanded, HomeForks, GuestFetches, HomeServes, GuestServes, HomeFetches, HomePasses}
}

// Fault is the point a process is to stop at. The zero value is none.
type Fault struct {
	at   Point
	over atomic.Bool
}

// Set chooses the point by its name; the empty name is none.
func (f *Fault) Set(name string) error {
	if name != "" && !slices.Contains(Points(), Point(name)) {
		return fmt.Errorf("%q is no point at which to stop; there are %v", name, Points())
	}
	f.at = Point(name)
	return nil
}

// Reach stops the process if this is the point.
func (f *Fault) Reach(p Point) {
	if p != f.at || f.over.Swap(true) {
		return
	}
	// To this very thread: one to the process is taken by any of its threads, and
	// this one goes on for a while.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
}
