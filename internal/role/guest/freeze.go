package guest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/standing"
	"openmosix/internal/process/tracee"
)

// depart freezes a body and sends it away. It ends with home's word: Commit
// (the body is forgotten) or Abort (it runs on).
func (b *body) depart(m wire.FreezeMsg, d *departure) {
	defer b.g.carry()()
	b.departing.Lock() // home may have given up an attempt that still goes on
	defer b.departing.Unlock()
	g := b.g
	err := b.whole(d.given)
	if err == nil {
		d.ahead(&m)
	}
	if d.given() {
		return
	}
	if err == nil {
		err = b.quiet()
	}
	if err != nil {
		_ = g.post(wire.Failed, b.Own, wire.Encode(wire.FailedMsg{Step: "freeze", Text: err.Error(), Busy: true, Gone: errors.Is(err, tracee.ErrGone), Try: m.Try}))
		return
	}
	defer func() { d.still.End() }()
	err = d.run(m)
	if errors.Is(err, errGivenUp) { // home has said so
		d.back()
		return
	}
	if err != nil {
		g.log.Warn("a process could not be frozen", "process", b.Own, "error", err)
		d.back()
		_ = g.post(wire.Failed, b.Own, wire.Encode(wire.FailedMsg{Step: "freeze", Text: err.Error(),
			Busy: errors.Is(err, tracee.ErrSlow) || errors.Is(err, tracee.ErrBusy), Gone: errors.Is(err, tracee.ErrGone), Try: m.Try}))
		return
	}
	g.leaving.RLock() // home says Commit and may hang up
	defer g.leaving.RUnlock()
	g.conn.Flush() // what is behind this point is true only then
	g.fault.Reach(fault.GuestLeft)
	// Only home knows where the process goes on: without its word it goes on
	// nowhere. Home always says it, or hangs up.
	f, said := d.lastWord()
	switch {
	case !said:
		return
	case f.kind == wire.Commit:
		b.endSupply()
		b.dropSoles()
		b.leaveJoints()()
		b.leaveBehind()
		b.kill()
		return
	}
	d.back()
}

// lastWord waits for home's word; said is false if home hangs up without one.
func (d *departure) lastWord() (f frame, said bool) {
	select {
	case f = <-d.word:
		return f, true
	case <-d.b.g.done:
	}
	select { // it may have said it just before
	case f = <-d.word:
		return f, true
	default:
		return f, false
	}
}

// quiet waits until no call of several steps is under way; new ones wait. A child
// that runs in its parent's memory stays until it executes a program or ends:
// elsewhere what it writes, such as why it could not, would be lost to its parent.
func (b *body) quiet() error {
	b.mu.Lock()
	stays := b.borrows && !b.homing
	b.mu.Unlock()
	if stays {
		return fmt.Errorf("it runs in the memory of its parent until it executes a program")
	}
	within := owntime.Within(stopLimit)
	for {
		b.mu.Lock()
		b.want = true
		busy, gone := b.busy, b.gone
		b.mu.Unlock()
		switch {
		case gone:
			return tracee.ErrGone
		case busy == 0:
			return nil
		case within.Over():
			b.relax()
			return fmt.Errorf("a thread is in the middle of a vfork or clone")
		}
		nap.For(100 * time.Microsecond)
	}
}

// relax lets calls go on that waited for a freeze that does not come.
func (b *body) relax() {
	b.mu.Lock()
	held := b.held
	b.held, b.want = nil, false
	b.mu.Unlock()
	for _, p := range held {
		b.g.restartCall(p)
	}
}

// restartCall has a thread make its call again.
func (g *Guest) restartCall(p *pending) {
	g.fam.Loop.Post(func() {
		_ = ptrace.Interrupt(p.s.t.TID)
		p.s.b.answer(p.id, p.remade())
	})
}

// given tells that home has given this move up before the body was frozen.
func (d *departure) given() bool { return len(d.word) > 0 }

// newDeparture is one that home's next word is about.
func (b *body) newDeparture(try uint64) *departure {
	d := &departure{b: b, try: try, word: make(chan frame, 1), heard: make(chan struct{}), settled: make(chan struct{}, 1), beside: make(chan tracee.Stream, tracee.MostStreams)}
	b.mu.Lock()
	b.leaving = d
	b.mu.Unlock()
	return d
}

// tell passes on home's word about the last departure, if there is one.
func (b *body) tell(f frame) bool {
	b.mu.Lock()
	d := b.leaving
	b.mu.Unlock()
	if d == nil {
		return false
	}
	select {
	case d.word <- f:
		d.once.Do(func() { close(d.heard) })
	default:
	}
	return true
}

// holdPause is how long to wait for who holds a single thread.
const holdPause = 200 * time.Microsecond

// departure is a body on its way out.
type departure struct {
	b         *body
	try       uint64        // which of home's attempts it is
	word      chan frame    // Commit or Abort
	heard     chan struct{} // closed when that has come
	once      sync.Once
	settled   chan struct{}      // what was sent ahead is where it is to be
	beside    chan tracee.Stream // further connections for that
	still     *standing.Still    // nil: it runs
	sent      tracee.Ahead
	began     time.Time // to freeze
	h         *tracee.Hold
	threads   []*tracee.Thread
	saved     []image.Thread
	signals   []wire.PendingSignal
	early     []pendingSignal  // of these: taken from the body, no longer pending in it
	timers    []image.CPUTimer // that stand still
	intervals [2]image.Timer   // ... ITIMER_VIRTUAL and ITIMER_PROF
	parked    bool
	present   []image.Range // its pages that hold something
}

func (d *departure) run(m wire.FreezeMsg) error {
	d.began = time.Now()
	if m.Still > 0 {
		m.Still = max(m.Still, leastStill)
	}
	d.still = standing.Begin(m.Still)
	b := d.b
	var err error
	// A thread may be held for a moment, to let a signal through under a mask.
	for within := owntime.Within(stopLimit); ; nap.For(holdPause) {
		d.h, err = b.Freeze(stopLimit, d.setAside, b.beginFreezing, b.endFreezing)
		if !errors.Is(err, tracee.ErrBusy) || within.Over() {
			break
		}
	}
	if err != nil {
		return err
	}
	d.threads = d.h.Threads()
	if err := d.h.StepOut(d.threads, b.vdso); err != nil {
		return err
	}
	if d.saved, err = d.h.Save(d.threads); err != nil {
		return err
	}
	for i, t := range d.threads {
		s := t.Data().(*strand)
		s.unbegun(&d.saved[i].Regs)
		if r := &d.saved[i].Regs; b.beginAnew(r) || b.upright(r) {
			d.h.Do(func() {
				s.undone = true // it may have met a fault there, and been told to stop before that
				err = ptrace.SetRegs(t.TID, *r)
			})
			if err != nil {
				return err
			}
		}
	}
	if err := b.straighten(); err != nil {
		return err
	}
	b.lays()
	d.h.Do(func() { d.signals = b.collectPending() })
	b.mu.Lock()
	d.early = b.early
	var first []wire.PendingSignal // they were to be delivered before all others
	for _, e := range b.early {
		first = append(first, wire.PendingSignal{TID: e.own, Info: append([]byte(nil), e.info[:]...)})
	}
	d.signals = append(first, d.signals...)
	b.early = nil
	seen := b.seen
	b.mu.Unlock()
	for _, t := range d.threads {
		t.Data().(*strand).served.Store(true)
	}
	d.parked = true
	if err := d.h.Park(d.threads...); err != nil {
		return err
	}
	img, err := d.capture()
	if err != nil {
		return err
	}
	b.g.fault.Reach(fault.GuestFrozen)
	return d.send(img, wire.ThawMsg{Image: *img, Signals: d.signals, SignalsSeen: seen, Try: m.Try}, m)
}

// beginFreezing runs when all threads have been told to stop: from now on no
// call goes home, and those that are there are broken off.
func (b *body) beginFreezing() {
	b.mu.Lock()
	b.behind(b.Own, false)
	b.freezing = true
	held := b.held
	b.held, b.want = nil, false
	b.mu.Unlock()
	for _, p := range held { // told to stop a moment ago
		b.answer(p.id, -noIntr)
	}
	for _, t := range b.Threads() {
		s, ok := t.Data().(*strand)
		if !ok {
			continue
		}
		s.mu.Lock()
		p := s.call
		s.mu.Unlock()
		switch {
		case p == nil:
		case p.awaiting():
			if s.claim(p) {
				b.answer(p.id, noHand)
			}
		default:
			s.cancel(p)
		}
	}
}

// capture reads what the parked body is.
func (d *departure) capture() (*image.Image, error) {
	b := d.b
	b.mu.Lock()
	img := *b.img
	b.mu.Unlock()
	leader := d.threads[0]
	limits := img.Limits
	read := time.Now() // not after its clocks: no wait becomes shorter by this
	if err := leader.CaptureProcess(&img); err != nil {
		return nil, err
	}
	if err := leader.CaptureBarriers(&img); err != nil {
		return nil, err
	}
	img.Limits = limits // the body's own are not the program's
	img.Threads = append([]image.Thread(nil), d.saved...)
	for i, t := range d.threads {
		if err := t.CaptureThread(&img.Threads[i]); err != nil {
			return nil, err
		}
		s := t.Data().(*strand)
		s.mu.Lock()
		img.Threads[i].CPUs, img.Threads[i].Weight = s.cpus, s.weight
		s.mu.Unlock()
		used := s.total()
		img.Threads[i].CPUNanos, img.Threads[i].SystemNanos = used.CPU, used.System
		d.saved[i] = img.Threads[i]
		img.Threads[i].Blocks = s.blocks.Load()
		s.leavingCall(&img.Threads[i], read)
	}
	if err := b.learnStanding(); err != nil {
		return nil, err
	}
	vmas, files, err := b.Mappings(nil)
	if err != nil {
		return nil, err
	}
	img.VMAs = b.asAtHome(vmas)
	if d.present, img.Guards, err = b.Contents(img.VMAs); err != nil {
		return nil, err
	}
	if img.Files, err = b.homeFiles(files); err != nil {
		return nil, err
	}
	img.Files = b.withSoles(img.Files)
	used := b.total()
	img.CPUMicros, img.SystemMicros, img.Peak = used.CPU/1000, used.System/1000, used.Peak
	return &img, d.stopTimers(&img)
}

// send sends image and pages.
func (d *departure) send(img *image.Image, m wire.ThawMsg, asked wire.FreezeMsg) error {
	b := d.b
	dirty, written, err := b.differing(img, d.present)
	if err != nil {
		return err
	}
	m.Image.HomeDirty = dirty
	pages := dirty
	if asked.Full {
		pages = d.present
	}
	pages = d.sent.Left(pages, written)
	rate := d.sent.Rate
	if rate == 0 {
		rate = float64(asked.Rate)
	}
	if m.Missing = missing.Later(img, pages, d.mayFollow(asked.Later), rate, b.robustPages(img)...); len(m.Missing) > 0 {
		pages = layout.Subtract(pages, m.Missing)
		b.supply(m.Missing)
	}
	m.Still = time.Since(d.began).Microseconds()
	b.g.tellCalls() // home may have no use for this side any more
	if err := d.emit(wire.Frozen, wire.Encode(m)); err != nil {
		return err
	}
	if _, err := tracee.SendPages(b.Mem, pages, d.emit); err != nil {
		return err
	}
	if err := tracee.SendAbsent(img.VMAs, d.present, d.emit); err != nil {
		return err
	}
	if err := sendSoles(b.ownSoles(), func(parts ...[]byte) error { return d.emit(wire.Sole, parts...) }); err != nil {
		return err
	}
	return d.emitLast(wire.PagesEnd)
}

// mayFollow tells whether pages of the body may follow, where home lets them. Not of one that
// runs in its parent's memory, or that goes home to die with a core dump.
func (d *departure) mayFollow(home missing.When) missing.When {
	b := d.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.borrows || slices.ContainsFunc(d.early, func(e pendingSignal) bool { return e.doomed }) {
		return missing.Never
	}
	return home
}
