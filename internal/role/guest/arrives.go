package guest

import (
	"fmt"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// next waits for what home sends next. What comes by other connections is something, too.
func (a *arrival) next() (frame, error) {
	for {
		f, late, err := a.awaits()
		if !late {
			return f, err
		}
		if !a.came.Swap(false) {
			return frame{}, fmt.Errorf("home sent nothing for %v", stepLimit)
		}
	}
}

// awaits is next; late: nothing came by the link.
func (a *arrival) awaits() (f frame, late bool, err error) {
	over, stop := owntime.After(stepLimit)
	defer stop()
	select {
	case f := <-a.in.frames:
		if f.kind == wire.Abort {
			return f, false, errGivenUp
		}
		return f, false, nil
	case <-over:
		return frame{}, true, nil
	case <-a.g.done:
		return frame{}, false, tracee.ErrGone
	}
}
