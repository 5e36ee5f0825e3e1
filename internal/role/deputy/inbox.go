package deputy

import (
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/owntime"
)

const (
	// inboxSize frames, or inboxBytes in them, may wait for a move; after that the
	// link's reader waits.
	inboxSize  = 16
	inboxBytes = 64 << 20
	// readerWaits is for how long: an onward move takes nothing while the other node does not.
	// Other processes' calls come by the same link, and its other side gives up who takes
	// nothing for half a minute.
	readerWaits = 10 * time.Second
)

// inbox is where a link's reader leaves what a move waits for. Once the move
// is over nobody takes anything any more, and the reader must not wait.
type inbox struct {
	frames chan frame
	last   chan frame // said here of the side, or of the process: it is gone
	over   chan struct{}
	full   chan struct{} // closed when something was thrown away: the move cannot go on
	late   sync.Once
	waits  time.Duration
	bytes  *budget
	whole  atomic.Bool // the frozen process has come to its end
}

func newInbox() *inbox {
	return &inbox{waits: readerWaits, frames: make(chan frame, inboxSize), last: make(chan frame, 1), over: make(chan struct{}), full: make(chan struct{}), bytes: newBudget(inboxBytes)}
}

func (in *inbox) close() {
	close(in.over)
	in.bytes.end()
}

// put waits for room, but not for ever.
func (in *inbox) put(f frame) {
	late := owntime.AfterFunc(in.waits, in.overflow)
	defer late.Stop()
	in.bytes.take(len(f.data))
	select {
	case in.frames <- f:
	case <-in.over:
	case <-in.full:
	}
}

func (in *inbox) overflow() {
	in.late.Do(func() {
		close(in.full)
		in.bytes.end()
	})
}

// overflowed tells whether frames are missing.
func (in *inbox) overflowed() bool {
	select {
	case <-in.full:
		return true
	default:
		return false
	}
}

// offer leaves a last word, whatever else is in the inbox, and does not wait. Of
// several the first counts.
func (in *inbox) offer(f frame) {
	select {
	case in.last <- f:
	default:
	}
}

// next waits for a frame, unless cancel or over is closed.
func (in *inbox) next(limit time.Duration, cancel, over <-chan struct{}) (frame, bool) {
	if in == nil || in.overflowed() {
		return frame{}, false
	}
	select { // what was said before comes first
	case f := <-in.frames:
		in.bytes.give(len(f.data))
		return f, true
	default:
	}
	late, stop := owntime.After(limit)
	defer stop()
	select {
	case f := <-in.frames:
		in.bytes.give(len(f.data))
		return f, true
	case f := <-in.last:
		return f, true
	case <-late:
	case <-cancel:
	case <-over:
	}
	return frame{}, false
}
