package guest

import (
	"errors"
	"time"

	"openmosix/internal/linux/gowatcher"
	"openmosix/internal/linux/notify"

	"golang.org/x/sys/unix"
)

// receive takes a filter's notifications until the last body under it is gone. Whatever may wait
// goes on elsewhere, so that one slow call never holds up another thread's.
func (g *Guest) receive(fd int) {
	var n notify.Notification
	room := make([]byte, quickPath)
	var turns gowatcher.Turns
	for {
		turns.Next(time.Now())
		if err := notify.Recv(fd, &n); err != nil {
			if !errors.Is(err, notify.ErrClosed) {
				g.log.Error("no more notifications", "error", err)
			}
			return
		}
		g.trapped(fd, &n, room)
	}
}

// answer ends a call of one of the body's threads with this result.
func (b *body) answer(id uint64, ret int64) {
	var err error
	if ret < 0 && ret > -4096 {
		err = notify.Send(int(b.listener.Load()), id, 0, unix.Errno(-ret))
	} else {
		err = notify.Send(int(b.listener.Load()), id, ret, 0)
	}
	if err != nil {
		b.g.log.Debug("answer not taken", "id", id, "result", ret, "error", err)
	}
}

// proceed lets the kernel here run a call.
func (b *body) proceed(id uint64) {
	if err := notify.Continue(int(b.listener.Load()), id); err != nil {
		b.g.log.Debug("call not continued", "error", err)
	}
}

func (g *Guest) strandByTID(tid int) *strand {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byTID[tid]
}
