package employer

import (
	"runtime/debug"
	"sync"
	"time"
)

// quietFor is how long nothing has moved when memory is given back: not between the
// programs of a build.
const quietFor = 3 * time.Second

// againAfter is when that is done again, and so on: a supervisor whose processes rest makes some
// garbage too, as it tells how they are. After two minutes Go's runtime would collect it
// anyway, but give nothing back.
const againAfter = 110 * time.Second

// quiet gives the memory that moves have used back to the system once there have
// been none for a while. By itself Go's runtime keeps what the next collection
// may need, and the first one comes at 16 MB (collectAt): a supervisor that has moved one
// small process, and does nothing any more, would keep three quarters of its memory as
// garbage. Taking it again costs the next move some hundred page faults.
type quiet struct {
	mu    sync.Mutex
	timer *time.Timer
}

// begin counts the time from now on: until memory is given back, and then between one
// time and the next.
func (q *quiet) begin(first, next time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.timer != nil {
		q.timer.Stop()
	}
	q.timer = time.AfterFunc(first, func() {
		q.begin(next, next) // before: what moves meanwhile counts anew
		debug.FreeOSMemory()
	})
}

// Moved tells that a move has ended, however.
func (d *Daemon) Moved() {
	d.quiet.begin(quietFor, againAfter)
	d.settle()
}
