package guest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/mem"
	"openmosix/internal/model/descriptors"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/held"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

const (
	stepLimit = 30 * time.Second
	stopLimit = 5 * time.Second
)

// arrive builds a process that is coming and lets it run. Whatever goes wrong
// before it runs undoes everything: home keeps the process.
func (g *Guest) arrive(f frame, in *inbox) {
	a := &arrival{g: g, in: in, own: f.id}
	err := a.run(f)
	defer func() {
		if off := g.arrived(f.id); off && err == nil {
			g.log.Warn("home has given up a process that runs here: killing it", "process", f.id)
			a.s.b.kill()
		}
	}()
	if err == nil {
		g.fault.Reach(fault.GuestRunning)
		_ = g.post(wire.Thawed, a.own)
		if !a.s.b.lacks() {
			a.forgetHeld()
		}
		a.s.b.beginFetching()
		return
	}
	a.forgetHeld()
	if errors.Is(err, errGivenUp) { // there it is told why, and it may be trying again already
		g.log.Info("a process does not come", "process", f.id, "because", err)
	} else {
		g.log.Warn("a process could not be taken in", "process", f.id, "error", err)
		_ = g.post(wire.Failed, f.id, wire.Encode(wire.FailedMsg{Step: "thaw", Text: err.Error(), Unfit: errors.Is(err, errUnfit)}))
	}
	if a.s != nil {
		a.s.b.kill()
	} else {
		g.endIfEmpty()
	}
}

// errGivenUp: home does not send the process after all.
var errGivenUp = errors.New("home has given the move up")

// arrival is a process on its way in.
type arrival struct {
	g   *Guest
	own int
	in  *inbox

	into    func() *tracee.Filling // where they are put; whoever comes first makes it
	aheadMu sync.Mutex
	came    atomic.Bool       // some did, lately
	stored  []image.Range     // pages that came ahead
	early   tracee.EarlyPages // ... and those the body had no place for yet

	img   *image.Image
	files []*source
	held  *held.Held // what this node has kept of it; nil: nothing
	frame []byte     // made of what is held
	token []byte     // by which it is kept
	s     *strand    // the leader, parked
	names bool       // what is known of names holds for it
	alone bool       // nobody shares its descriptors
}

func (a *arrival) run(f frame) error {
	defer a.g.carry()()
	var m wire.PrepareMsg
	if err := wire.Decode(f.data, &m); err != nil {
		return err
	}
	if err := m.Image.Validate(); err != nil {
		return err
	}
	a.img, a.names, a.alone = &m.Image, m.Names, m.Alone
	a.g.reconnect.triesFor(m.Reconnect)
	ctx, cancel := context.WithTimeout(context.Background(), admitLimit)
	defer cancel()
	if err := a.g.admit(ctx, &m); err != nil {
		return err
	}
	if err := a.g.suits(a.img); err != nil {
		return err
	}
	if len(a.img.Guards) > 0 && !mem.HasGuards() {
		return tracee.ErrNoGuards
	}
	if err := a.g.mayLock(a.img); err != nil {
		return err
	}
	a.token = m.Token
	a.recall(&m)
	answer := wire.PreparedMsg{Fetches: a.g.device != nil}
	var err error
	if a.files, err = a.g.sources(a.img, &answer); err != nil {
		return err
	}
	if err := a.g.send(wire.Prepared, a.own, wire.Encode(answer)); err != nil {
		return err
	}
	a.g.fault.Reach(fault.GuestAnnounced)
	if err := a.receiveFiles(); err != nil {
		return err
	}
	for i, s := range a.files {
		a.g.offer(&a.img.Files[i], s)
	}
	if a.s, err = a.g.build(a.img, a.files); err != nil {
		return err
	}
	a.g.fault.Reach(fault.GuestBuilt)
	return a.thaw()
}

func (a *arrival) receiveFiles() error {
	for {
		f, err := a.next()
		if err != nil {
			return err
		}
		switch {
		case f.kind != wire.File:
			return fmt.Errorf("frame %d among files", f.kind)
		case len(f.data) == 0:
			return nil
		}
		if err := a.g.store(a.files, f.data); err != nil {
			return err
		}
	}
}

// thaw takes the frozen rest and starts the threads.
func (a *arrival) thaw() error {
	f, err := a.ahead()
	if err != nil {
		return err
	}
	m := new(wire.ThawMsg)
	if err := wire.Decode(f.data, m); err != nil {
		return err
	}
	if err := m.Image.Validate(); err != nil {
		return err
	}
	if len(m.Image.Threads) == 0 || m.Image.PID != a.own {
		return fmt.Errorf("the frozen process %d has %d threads", m.Image.PID, len(m.Image.Threads))
	}
	img := &m.Image
	if err := a.g.mayLock(img); err != nil {
		return err
	}
	if err := a.alignFiles(img); err != nil {
		return err
	}
	if err := a.s.remap(img, a.files, a.stored); err != nil {
		return err
	}
	if err := a.early.StoreRest(a.s.b.Mem, img.VMAs); err != nil {
		return err
	}
	if err := a.g.mayLack(img, m.Missing); err != nil {
		return err
	}
	if err := a.s.t.Drop(m.Missing); err != nil { // what came ahead has been written since
		return err
	}
	if err := a.receivePages(img.VMAs); err != nil {
		return err
	}
	if err := a.s.t.Guard(img.Guards, img.VMAs); err != nil {
		return err
	}
	a.s.b.guarded.Store(len(img.Guards) > 0)
	a.g.fault.Reach(fault.GuestFilled)
	return a.start(img, m)
}

// ahead takes what is sent while the process still runs elsewhere, up to the
// frozen image.
func (a *arrival) ahead() (frame, error) {
	var into *tracee.Filling // the body's memory; nil: nothing has come
	a.into = sync.OnceValue(func() *tracee.Filling {
		into = a.s.t.Fill(a.img.VMAs)
		return into
	})
	a.in.opens(a.storeAhead)
	defer func() {
		a.in.shuts()
		if into != nil {
			into.Close()
		}
	}()
	for {
		f, err := a.next()
		switch {
		case err != nil:
			return f, err
		case f.kind == wire.Thaw:
			return f, nil
		case f.kind == wire.Settle:
			if err := a.g.send(wire.Settled, a.own, f.data); err != nil {
				return f, err
			}
			continue
		case f.kind != wire.Pages && f.kind != wire.Same:
			return f, fmt.Errorf("frame %d instead of the frozen process", f.kind)
		}
		if err = a.pages(f, a.storeAhead); err != nil {
			return f, err
		}
		a.g.conn.Spare(f.data)
	}
}

func (a *arrival) receivePages(vmas []image.VMA) error {
	for {
		f, err := a.next()
		if err != nil {
			return err
		}
		switch f.kind {
		case wire.Pages, wire.Same:
			if err := a.pages(f, func(data []byte) error { return tracee.StorePages(a.s.b.Forced(), data) }); err != nil {
				return err
			}
			a.g.conn.Spare(f.data)
		case wire.Sole:
			if err := a.s.b.storeSole(f.data); err != nil {
				return err
			}
			a.g.conn.Spare(f.data)
		case wire.Zero:
			var z wire.RangesMsg
			if err := wire.Decode(f.data, &z); err != nil {
				return err
			}
			if err := image.ValidateRanges(z.Ranges); err != nil {
				return err
			}
			if err := a.s.t.Discard(vmas, z.Ranges); err != nil {
				return err
			}
		case wire.PagesEnd:
			return nil
		default:
			return fmt.Errorf("frame %d among pages", f.kind)
		}
	}
}

// start makes threads, state and filter, and lets the body run.
func (a *arrival) start(img *image.Image, m *wire.ThawMsg) error {
	g, b := a.g, a.s.b
	leader := a.s
	if err := leader.t.SetLayout(img.Layout); err != nil {
		return err
	}
	if err := leader.t.RestoreNoHuge(img); err != nil {
		return err
	}
	if err := leader.t.RestoreBarriers(img); err != nil {
		return err
	}
	var have [65]image.Action
	have[unix.SIGCHLD].Handler = 1 // ignored, as in the init it was forked from
	if err := leader.t.RestoreActions(&have, &img.Actions); err != nil {
		return err
	}
	strands, err := a.threads(img)
	if err != nil {
		return err
	}
	if g.init.hasClocks() && !tracee.AwaitClocks(img, g.readClocks, tracee.MostBehind) {
		return errClocksBehind
	}
	ago, err := leader.t.Since(img)
	if err != nil {
		return err
	}
	for i, s := range strands {
		if err := s.t.RestoreThread(&img.Threads[i]); err != nil {
			return err
		}
		s.rest, s.before = restOf(img.Threads[i].Pending, ago), usedBefore(&img.Threads[i])
		s.blocks.Store(img.Threads[i].Blocks)
		s.atHome.Store(img.Threads[i].Blocks)
		awayward(s, &img.Threads[i])
		s.goesOnIn(&img.Threads[i].Regs)
	}
	b.mu.Lock()
	b.token = a.token
	b.mu.Unlock()
	a.g.sharesNames(b, a.names && !m.Strange)
	b.alone = a.alone // nothing of it runs yet
	if a.alone && len(m.Descriptors) > 0 && len(strands) == 1 {
		b.lowest = descriptors.Of(m.Descriptors, int(min(img.Limits[unix.RLIMIT_NOFILE].Cur, mostNumbers)))
	}
	if err := leader.lock(img, m.Missing); err != nil {
		return err
	}
	b.limits(img)
	if err := confineAll(strands, img); err != nil {
		return err
	}
	if len(m.Missing) > 0 {
		b.recalled.Store(a.held)
		if err := a.fetch(m.Missing); err != nil {
			return err
		}
	}
	if err := a.join(img); err != nil {
		return err
	}
	if err := leader.track(m.AllReturns); err != nil {
		g.log.Warn("writes are not tracked: everything will be sent back", "error", err)
	}
	for _, s := range m.Signals {
		if err := queue(strands, s); err != nil {
			return err
		}
	}
	if err := b.makeTimers(leader.t, img); err != nil {
		return err
	}
	b.kept.Store(img.Kept)
	if err := leader.filter(); err != nil {
		return err
	}
	b.mu.Lock()
	b.img = img
	b.mu.Unlock()
	return a.release(strands, img, m.Stopped)
}

// mostNumbers is beyond any number that a process gets.
const mostNumbers = 1 << 30

// release lets the body run as the image says.
func (a *arrival) release(strands []*strand, img *image.Image, stopped bool) error {
	b := a.s.b
	h, err := b.Freeze(stopLimit, tracee.DeliverNatively, nil, nil)
	if err != nil {
		return err
	}
	ts := make([]*tracee.Thread, len(strands))
	for i, s := range strands {
		ts[i] = s.t
		s.served.Store(false)
	}
	if err := h.SetFree(ts, img.Threads); err != nil {
		return err
	}
	if stopped { // its first deed, unless home has said something else meanwhile
		_ = unix.Kill(b.PID, unix.SIGSTOP)
	}
	b.mu.Lock()
	b.running, b.raising = true, true // what comes now comes behind what came before
	b.mu.Unlock()
	b.endFreezing()
	h.Release()
	return nil
}
