package missing

import (
	"time"

	"openmosix/internal/model/image"
)

const (
	// queued is for how long what is on the way may keep the way busy: so long waits behind it
	// what a thread needs at once, and the answer to a call, which comes by the same way.
	queued = 4 * time.Millisecond
	// Between these, whatever the way: a thread that goes through memory finds what lies ahead
	// of it; and the other side reads what it is asked for all at once.
	leastWindow = 64 << 10
	mostWindow  = 8 << 20
)

// Window is how much may be on the way unasked for by anybody. It finds that by the delay of what comes, as
// background traffic does that is to leave room for others (LEDBAT, RFC 6817): as long as a request is
// answered nearly as soon as the quickest was, more may be on the way, at first twice as much; when it takes much longer, half. The
// zero value is one of a way of which nothing is known. Times are those of any one clock.
type Window struct {
	size        uint64
	asked, came uint64 // bytes, ever
	requests    []request
	base        time.Duration // the quickest answer; 0: there was none
	found       bool          // about as much is right; from here on in small steps
}

// request is one that has not been answered wholly.
type request struct {
	until uint64 // as many bytes have come when it has been
	at    time.Duration
}

// Size is how much may be on the way, bytes.
func (w *Window) Size() uint64 { return max(w.size, leastWindow) }

// Room is how much to ask for now, by one request: a quarter of what may be on the way, so that there are several, and how
// long one takes by its length alone says little. 0: enough is on the way.
func (w *Window) Room() uint64 {
	onWay, one := w.asked-w.came, w.Size()/4&^(image.PageSize-1)
	if onWay+one > w.Size() {
		return 0
	}
	return one
}

// Asked notes that bytes were asked for.
func (w *Window) Asked(bytes uint64, now time.Duration) {
	w.asked += bytes
	w.requests = append(w.requests, request{w.asked, now})
}

// Came notes that bytes have come.
func (w *Window) Came(bytes uint64, now time.Duration) {
	w.came += min(bytes, w.asked-w.came)
	for len(w.requests) > 0 && w.requests[0].until <= w.came {
		w.answered(now - w.requests[0].at)
		w.requests = w.requests[1:]
	}
}

func (w *Window) answered(after time.Duration) {
	after = max(after, 1)
	if w.base == 0 || after < w.base {
		w.base = after
	}
	switch {
	case after > w.base+2*queued:
		w.size, w.found = max(w.Size()*3/4, leastWindow), true
	case after > w.base+queued:
	case w.found:
		w.size = min(w.Size()*9/8, mostWindow)
	default:
		w.size = min(2*w.Size(), mostWindow)
	}
}

// Narrow begins anew with little: somebody waits for what is not on the way.
func (w *Window) Narrow() { w.size, w.found = leastWindow, false }
