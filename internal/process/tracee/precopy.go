package tracee

import (
	"errors"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

const (
	// smallest is the contents for which copying ahead is worth the trouble.
	smallest = 4 << 20
	// rounds of copying at most; fewer when little is left, or not much less than before:
	// then the process writes as fast as it is sent, and would for ever.
	rounds = 8
	little = 64 * image.PageSize
	// step is how much is sent between two reports.
	step = 8 << 20
)

// ErrStopped: the move is off.
var ErrStopped = errors.New("the move was given up")

// Ahead is what is sent of a process while it still runs.
type Ahead struct {
	P *Process
	// Into bounds what is sent: the other side has private mappings there.
	Into []image.Range
	// Only bounds it further, to what was written and these; nil: everything.
	Only []image.Range
	All  bool
	Emit Emit
	// Progress is told of bytes sent, and of the whole as far as known.
	Progress func(done, total uint64)
	// Settle waits until the other side has stored what was sent, so that the
	// freeze does not have to; nil: it does not wait.
	Settle func() error
	// Stopped tells that the move is off.
	Stopped func() bool

	// Sent is what the other side holds, unless it was written since the last
	// Protect. Dirty is what Protect found: nobody else will be told of it.
	Sent, Dirty []image.Range
	again       []image.Range // to be sent although Written does not tell
	// Rate is how fast it went, bytes per second; 0: nothing was sent.
	Rate float64
}

// Run copies ahead. The process must be covered by a Watch.
func (a *Ahead) Run() error {
	var done, told uint64
	begun := time.Now()
	defer func() {
		if took := time.Since(begun); done > 0 && took > 0 {
			a.Rate = float64(done) / took.Seconds()
		}
	}()
	before := uint64(1) << 62
	for round := 0; round < rounds; round++ {
		vmas, _, err := Mappings(a.P.Family.FS, a.P.PID, a.P.Base, nil)
		if err != nil {
			return err
		}
		written, err := a.P.Protect(vmas, a.Into)
		a.Dirty = layout.Union(a.Dirty, written)
		if err != nil {
			return err
		}
		todo, err := a.P.PrivatePages(vmas)
		if err != nil {
			return err
		}
		todo = layout.Intersect(todo, a.Into)
		switch {
		case round > 0:
			todo = layout.Intersect(todo, written)
		case !a.All:
			todo = layout.Intersect(todo, layout.Union(written, a.Only))
		}
		n := layout.Bytes(todo)
		if round == 0 && n < smallest || round > 0 && (n < little || n > before-before/4) {
			a.again = written // protected, but not sent
			return nil
		}
		emit := func(kind uint8, parts ...[]byte) error {
			if a.Stopped != nil && a.Stopped() {
				return ErrStopped
			}
			err := a.Emit(kind, parts...)
			for _, part := range parts {
				done += uint64(len(part))
			}
			if a.Progress != nil && done-told >= step {
				told = done
				a.Progress(done, max(done, n))
			}
			return err
		}
		if _, err := SendPages(a.P.Mem, todo, emit); err != nil {
			return err
		}
		a.Sent = layout.Union(a.Sent, todo)
		if a.Settle != nil {
			if err := a.Settle(); err != nil {
				return err
			}
		}
		before = n
	}
	return nil
}

// Left lists what of need is still to be sent, when the process stands still
// and written is what Written says.
func (a *Ahead) Left(need, written []image.Range) []image.Range {
	return layout.Subtract(need, layout.Subtract(a.Sent, layout.Union(written, a.again)))
}
