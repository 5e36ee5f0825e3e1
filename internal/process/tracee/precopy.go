package tracee

import (
	"errors"
	"sync"
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
	Stream
	// Beside are further streams, when they are ready; nil: there will be none.
	Beside <-chan Stream
	// Progress is told of bytes sent, and of the whole as far as known.
	Progress func(done, total uint64)
	// Stopped tells that the move is off.
	Stopped func() bool

	// Sent is what the other side holds, unless it was written since the last
	// Protect. Dirty is what Protect found: nobody else will be told of it.
	Sent, Dirty []image.Range
	again       []image.Range // to be sent although Written does not tell
	// Rate is how fast it went by each stream; the rest will go by one. Bytes per second; 0: nothing
	// was sent.
	Rate float64
}

// Stream is a way to the other side. A round goes by all of them, each page by one.
type Stream struct {
	Emit Emit
	// Settle waits until the other side has stored what was sent by it, so that the
	// freeze does not have to; nil: it does not wait.
	Settle func() error
	// Relieved: it carries nothing more when another has come, as what must not wait goes by it.
	Relieved bool
}

// Run copies ahead. The process must be covered by a Watch.
func (a *Ahead) Run() error {
	c := &copying{Ahead: a}
	c.streams = []Stream{a.Stream}
	begun := time.Now()
	defer func() {
		if took := time.Since(begun); c.done > 0 && took > 0 {
			a.Rate = float64(c.done) / took.Seconds() / float64(carrying(c.streams))
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
		if err := c.round(todo); err != nil {
			return err
		}
		a.Sent = layout.Union(a.Sent, todo)
		before = n
	}
	return nil
}

// copying is Run under way.
type copying struct {
	*Ahead
	streams []Stream // those there are; each has carried something

	mu         sync.Mutex
	done, told uint64 // bytes sent
	total      uint64
}

// round sends pages by all streams, and waits until they have been stored.
func (c *copying) round(todo []image.Range) error {
	c.total = layout.Bytes(todo)
	s := newSpread(c.P.Mem)
	if _, err := s.run(todo, c.streams, c.counted, c.Beside); err != nil {
		return err
	}
	c.streams = s.streams
	for _, stream := range c.streams {
		if stream.Settle == nil {
			continue
		}
		if err := stream.Settle(); err != nil {
			return err
		}
	}
	return nil
}

// counted is a stream's Emit that tells of what is sent, and ends when the move does.
func (c *copying) counted(emit Emit) Emit {
	return func(kind uint8, parts ...[]byte) error {
		if c.Stopped != nil && c.Stopped() {
			return ErrStopped
		}
		err := emit(kind, parts...)
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, part := range parts {
			c.done += uint64(len(part))
		}
		if c.Progress != nil && c.done-c.told >= step {
			c.told = c.done
			c.Progress(c.done, max(c.done, c.total))
		}
		return err
	}
}

// Left lists what of need is still to be sent, when the process stands still
// and written is what Written says.
func (a *Ahead) Left(need, written []image.Range) []image.Range {
	return layout.Subtract(need, layout.Subtract(a.Sent, layout.Union(written, a.again)))
}
