package guest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A session takes in one process, or, when home says that it is kept, one after
// another: what a user's make starts goes to a node by one session. Each gets
// slots of its own, which nobody else of the session has: until a body is under
// its filter, whoever can write into its slots could make calls as it.

// making is what the process that is being made is to have. Guest.mu
type making struct {
	slots       *tracee.Slots
	listener    int32
	sharesNames bool
	directory   string
}

// maker says what the next process born has. Precondition:
// makeMu is held until it has been reported.
func (g *Guest) maker(m making) {
	g.mu.Lock()
	g.making = m
	g.mu.Unlock()
}

// child is what a child of the body gets.
func (b *body) child() making {
	b.g.mu.Lock()
	defer b.g.mu.Unlock()
	return making{slots: b.Slots, listener: b.listener.Load(), sharesNames: b.sharesNames, directory: b.directory}
}

// errUnfit is told of a process that this session cannot take in; another can.
var errUnfit = errors.New("the session does not fit")

var errClocksBehind = fmt.Errorf("%w: its clocks have fallen behind home's", errUnfit)

// namespaces makes what the bodies of the session live in, for the first of
// them, and tells whether another one can live there as well.
func (g *Guest) namespaces(img *image.Image) error {
	g.makeMu.Lock()
	defer g.makeMu.Unlock()
	mono, boot := g.clockOffsets(img)
	if g.init != nil {
		return g.fits(img, mono, boot)
	}
	base, err := freeBase(img.VMAs)
	if err != nil {
		return err
	}
	in, err := g.startInit(base)
	if err != nil {
		return err
	}
	if err := in.settle(mono, boot); err != nil {
		return err
	}
	if err := g.answersTable(in); err != nil {
		g.log.Warn("calls are not answered inside processes", "error", err)
	}
	if err := in.seclude(); err != nil {
		return err
	}
	g.init = in
	return confine()
}

// suits tells why a process cannot be a further one of the session, before it
// is built.
func (g *Guest) suits(img *image.Image) error {
	g.makeMu.Lock()
	defer g.makeMu.Unlock()
	if g.init == nil {
		return nil
	}
	mono, boot := g.clockOffsets(img)
	return g.fits(img, mono, boot)
}

// fits tells why a process cannot be a further one. Offsets of clocks that are
// this kernel's own are exact; those of another machine's must not set the
// process's clocks back.
func (g *Guest) fits(img *image.Image, mono, boot int64) error {
	base := g.init.p.Base
	for i := range img.VMAs {
		if stub.Touches(base, img.VMAs[i].Start, img.VMAs[i].End) {
			return fmt.Errorf("%w: the process uses the addresses of its stub", errUnfit)
		}
	}
	same := img.BootID != "" && img.BootID == g.fam.FS.BootID()
	switch {
	case g.alias || img.PID == initID:
		return fmt.Errorf("%w: a process with the number 1 is alone in its session", errUnfit)
	case same && (mono != g.init.mono || boot != g.init.boot):
		return fmt.Errorf("%w: the process has other clocks", errUnfit)
	case !same && (mono > g.init.mono || boot > g.init.boot):
		return errClocksBehind
	}
	return nil
}

// shell makes an empty process with the id own that waits in the stub.
func (g *Guest) shell(own int) (*strand, error) {
	g.makeMu.Lock()
	defer g.makeMu.Unlock()
	slots, err := g.init.t.FreshSlots(g.init.p.Base)
	if err != nil {
		return nil, err
	}
	g.maker(making{slots: slots, listener: noListener})
	slot := slots.New()
	if err := g.init.forkWhenFree(innerID(own), slot); err != nil {
		return nil, err
	}
	s := g.awaitBorn(own)
	if s == nil {
		return nil, fmt.Errorf("process %d was not reported", own)
	}
	g.fam.Loop.Do(func() { s.t.Slot = slot })
	s.served.Store(true)
	if _, err := s.t.Must("close what the init has open", unix.SYS_CLOSE, g.init.lastPID); err != nil {
		return nil, err
	}
	return s, nil
}

const noListener = -1

// numberPause is between two looks whether a number is free.
const numberPause = 2 * time.Millisecond

// forkWhenFree is fork of a number that may be taken for a moment: by a process
// that has ended at home, or that has left from here and comes back. It has been
// killed, and needs CPU time to end: what is left over, where guests get no more.
func (in *nsInit) forkWhenFree(own int, slot *stub.Slot) error {
	for within := owntime.Within(stopLimit); ; time.Sleep(numberPause) {
		err := in.fork(own, slot)
		if !errors.Is(err, unix.EEXIST) || within.Over() {
			return err
		}
	}
}

// admit asks the daemon whether one more process of home's may come: the first
// one was granted when the session was opened.
func (g *Guest) admit(ctx context.Context, m *wire.PrepareMsg) error {
	own := m.Image.PID
	c := make(chan *supervisor.Opened, 1)
	id := g.serial.Add(1)
	g.mu.Lock()
	first := !g.admitted
	if first {
		g.admitted, g.alias = true, own == initID
		g.kept = m.Kept && !g.alias
	} else {
		g.asked[id] = c
	}
	g.mu.Unlock()
	if first {
		return nil
	}
	g.tell(supervisor.Event{ID: id, Kind: supervisor.Another, PID: own, Open: &supervisor.Open{PID: own, Need: supervisor.Need{Memory: m.Memory}}})
	select {
	case o := <-c:
		if o.Code != "" {
			return errors.New(o.Text)
		}
		return nil
	case <-ctx.Done():
		g.mu.Lock()
		delete(g.asked, id)
		g.mu.Unlock()
		return errors.New("the lender's daemon does not say whether it takes one more")
	}
}

// admitLimit bounds the daemon's answer.
const admitLimit = 5 * time.Second

func (g *Guest) admission(o *supervisor.Opened) {
	g.mu.Lock()
	c := g.asked[o.ID]
	delete(g.asked, o.ID)
	g.mu.Unlock()
	if c != nil {
		c <- o
	}
}
