package transport

import (
	"fmt"

	"openmosix/internal/model/wire"
)

// Bounds are what may come by a connection that carries pages.
type Bounds struct {
	Frame int                     // bytes of one frame of pages
	Spend func(data []byte) error // judges each frame; nil: as many as there are
}

// TakePages has pages stored that come by a further connection, and says so when it is asked,
// until the other side hangs up: its move is over, or off.
func (f *Framed) TakePages(most Bounds, store func(data []byte) error) error {
	for {
		one, err := f.Recv()
		if err != nil {
			return nil //nolint:nilerr // that is the end
		}
		if most.Spend != nil {
			err = most.Spend(one.Data)
		}
		switch {
		case err != nil:
		case one.Kind == wire.Settle && len(one.Data) == 0:
			err = f.Send(wire.Settled, one.ID)
		case one.Kind == wire.Pages && len(one.Data) <= most.Frame:
			err = store(one.Data)
		default:
			err = fmt.Errorf("frame %d of %d bytes among pages", one.Kind, len(one.Data))
		}
		if err != nil {
			return err
		}
	}
}
