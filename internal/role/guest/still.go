package guest

import (
	"errors"
	"time"

	"openmosix/internal/process/standing"
)

// leastStill bounds from below for how long home may say that a body may stand still while it is
// sent away. Home says that: it may not hear in time that the body does.
const leastStill = time.Second

var errStood = errors.New("the process has stood still for too long, as the way home is slow (still_seconds there is how long it may)")

// stays tells why the body is not sent any further; nil: it is.
func (d *departure) stays() error {
	select {
	case <-d.heard:
		return errGivenUp
	case <-d.still.Over():
		return errStood
	default:
		return nil
	}
}

// emit sends a part of the body, a tracee.Emit. When the move is given up, or takes too long, it
// does not wait for home: the parts are not the caller's again then.
func (d *departure) emit(kind uint8, parts ...[]byte) error {
	if err := d.stays(); err != nil {
		return err
	}
	err := d.still.Send(func() error { return d.b.g.send(kind, d.b.Own, parts...) }, d.heard)
	if errors.Is(err, standing.ErrLeft) {
		err = d.stays()
	}
	return err
}

// emitLast sends the last part. With it home has all that it takes for the process to go on
// elsewhere: from here on only home's word counts.
func (d *departure) emitLast(kind uint8) error {
	if err := d.stays(); err != nil {
		return err
	}
	return d.b.g.send(kind, d.b.Own)
}
