package employer

import (
	"runtime/debug"
	"sync"
	"time"
)

// quietFor is how long nothing has moved when memory is given back: not between the
// programs of a build.
const quietFor = 3 * time.Second

// quiet gives the memory that moves have used back to the system once there have
// been none for a while. By itself Go's runtime keeps what the next collection
// may need, and the first one comes at 16 MB (collectAt): a supervisor that has moved one
// small process, and does nothing any more, would keep three quarters of its memory as
// garbage. Taking it again costs the next move some hundred page faults.
type quiet struct {
	mu    sync.Mutex
	timer *time.Timer
}

// begin counts the time from now on.
func (q *quiet) begin(after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.timer == nil {
		q.timer = time.AfterFunc(after, debug.FreeOSMemory)
		return
	}
	q.timer.Reset(after)
}

// Moved tells that a move has ended, however.
func (d *Daemon) Moved() { d.quiet.begin(quietFor) }
