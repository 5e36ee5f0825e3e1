package deputy

import (
	"errors"
	"fmt"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// moveOut sends a process that is at home to another node. On error it runs on
// as before, still traced.
func (s *Supervisor) moveOut(p *proc, r supervisor.Request, how manner, progress func(string, uint64, uint64)) (time.Duration, error) {
	progress("connect", 0, 0)
	start := time.Now()
	p.sharing.leaves(how == atExec)
	var h *tracee.Hold
	var err error
	defer p.goesOn()
	if how != atExec {
		if err := s.coverShared(p); err != nil {
			return 0, err
		}
	}
	if how != running {
		if h, err = s.freezeAtHome(p, how); err != nil {
			return 0, err
		}
	}
	var program int
	if h == nil { // it runs on, and may execute another
		s.fam.Loop.Do(func() { program = p.Execs })
	}
	l, img, err := s.prepare(p, r)
	if err != nil {
		if h != nil {
			p.letRun(h)
			return 0, err
		}
		return 0, s.orExecs(p, program, err)
	}
	s.fault.Reach(fault.HomePrepared)
	strategy, err := strategyOf(r, l)
	var ahead *tracee.Ahead
	var watch *tracee.Watch
	if err == nil {
		ahead, watch, err = p.sendAhead(l, img, strategy, progress)
	}
	if err != nil {
		if h != nil {
			p.letRun(h)
		} else {
			err = s.orExecs(p, program, err)
		}
		if err != errExecs {
			err = p.verdict(l, err)
		}
		_ = l.post(wire.Abort, p.Own)
		l.leave()
		return 0, err
	}
	defer watch.Close()
	progress("freeze", 0, 0)
	if h == nil {
		if len(ahead.Sent) > 0 { // which took its time
			_ = p.LearnAttributes() // an error comes again
		}
		start = time.Now()
		if h, err = s.freezeAtHome(p, running); err != nil {
			_ = l.post(wire.Abort, p.Own)
			l.leave()
			return 0, err
		}
		h.Do(func() {
			if p.Execs != program {
				err = errExecs
			}
		})
		if err == nil {
			err = p.LearnStanding()
		}
		if err != nil {
			p.letRun(h)
			_ = l.post(wire.Abort, p.Own)
			l.leave()
			return 0, err
		}
	}
	s.fault.Reach(fault.HomeFrozen)
	f := &frozen{p: p, h: h, link: l, img: img, strategy: strategy, ahead: ahead, ran: how == running, progress: progress}
	if err := f.send(); err != nil {
		err = p.verdict(l, err)
		_ = l.post(wire.Abort, p.Own)
		l.leave()
		if undo := f.undo(); undo != nil {
			return 0, errors.Join(err, undo)
		}
		return 0, err
	}
	f.unguard()
	f.unlock()
	f.giveBack()
	f.commit()
	l.arrived()
	return time.Since(start), nil
}

// frozen is a process between freeze and commit.
type frozen struct {
	p        *proc
	h        *tracee.Hold
	link     *link
	img      *image.Image
	progress func(string, uint64, uint64)
	strategy supervisor.Strategy
	ahead    *tracee.Ahead // what was sent before the freeze
	ran      bool          // it has run since it was announced
	present  []image.Range // its pages that hold something
	rest     rest
	gives    bool // its memory back, when it has arrived
	soles    []*soleFile
	unmapped bool // ... they are not mapped here
	shown    []*shownFile

	threads  []*tracee.Thread
	saved    []image.Thread // what the threads were, for undo
	read     time.Time      // when its clocks were read, at the earliest
	ends     []time.Time    // when the waits end in which they were; zero: in none, or nobody knows
	parked   bool
	deputies []*deputy
	disarmed int              // threads whose exit was made harmless
	taken    []tracee.Pending // signals that travel with the image
	still    bool             // its interval timers on CPU time are disarmed
}

// send captures the frozen process and hands it to the other side. Everything
// it does to the process can be undone.
func (f *frozen) send() error {
	p, h := f.p, f.h
	f.threads = h.Threads()
	saved, err := f.save(tracee.VDSO(f.img.VMAs))
	if err != nil {
		return err
	}
	f.saved = saved
	f.endWaits()
	if err := f.mustStay(); err != nil {
		return err
	}
	if err := f.park(); err != nil {
		return err
	}
	p.s.fault.Reach(fault.HomeParked)
	if err := f.capture(); err != nil {
		return err
	}
	f.progress("send", 0, 0)
	img := f.img
	if f.taken, err = p.TakePending(f.threads, ^uint64(0)&^stopsAtHome(&img.Actions)&^staying(img)); err != nil {
		return err
	}
	if err := f.stopTimers(); err != nil {
		return err
	}
	repeatBroken(p.Mem, img, f.taken)
	for i := range f.saved { // should it stay after all
		f.saved[i].Regs = img.Threads[i].Regs
	}
	p.leftToSleep(img)
	f.leftToWait()
	if err := f.divide(); err != nil {
		return err
	}
	p.s.joint.grant(f.link, jointKeys(img))
	img.HomeDirty = f.forgotten()
	// The image goes first: the other side needs the final mappings for the pages.
	if err := p.send(f.link, wire.Thaw, wire.Encode(wire.ThawMsg{Image: *img, Signals: travelling(f.taken), Stopped: f.stopped(), AllReturns: f.allReturns(), Descriptors: p.numbers(), Strange: f.ran && p.isStrange() || !p.sharesNames.Load(), Missing: f.rest.later})); err != nil {
		return err
	}
	if err := p.supply(f.link, img); err != nil {
		return err
	}
	if err := f.sendRest(); err != nil {
		return err
	}
	if err := f.sendSoles(); err != nil {
		return err
	}
	if err := p.decide(); err != nil {
		return err
	}
	f.deputies = p.s.enrol(p, img)
	f.rememberWaits()
	if len(f.rest.later) > 0 {
		p.supplyPages(f.link, nil, f.rest.later)
	}
	if err := p.send(f.link, wire.PagesEnd); err != nil {
		return err
	}
	p.s.fault.Reach(fault.HomeSent)
	if _, err = p.expect(f.link, wire.Thawed); err == nil {
		p.s.fault.Reach(fault.HomeThawed)
	}
	return err
}

// park brings all threads into the stub, which is mapped first if it is not there yet.
func (f *frozen) park() error {
	p, h := f.p, f.h
	var err error
	h.Do(func() {
		for _, t := range f.threads {
			// What it is made from here on would go wrong without its supervisor.
			if e := ptrace.SetOptions(t.TID, awayOptions); e != nil {
				err = e
			}
			if e := ptrace.SetSigMask(t.TID, ^uint64(0)); e != nil {
				err = e
			}
		}
	})
	if err != nil {
		return fmt.Errorf("block signals: %w", err)
	}
	if p.Base == 0 {
		if err := h.MapStub(f.threads[0]); err != nil {
			return fail(supervisor.CannotMove, err.Error())
		}
	}
	f.parked = true
	if err := h.Park(f.threads...); err != nil {
		return err
	}
	tracee.Hasten(f.threads...)
	return nil
}

func (f *frozen) capture() error {
	p, img := f.p, f.img
	f.read = time.Now()
	if err := f.threads[0].CaptureProcess(img); err != nil {
		return err
	}
	if err := f.captureBarriers(f.threads[0]); err != nil {
		return err
	}
	img.Threads = append([]image.Thread(nil), f.saved...)
	for i, t := range f.threads {
		if err := t.CaptureThread(&img.Threads[i]); err != nil {
			return err
		}
		f.saved[i] = img.Threads[i]
		if err := t.Disarm(f.saved[i].Rseq); err != nil {
			return err
		}
		f.disarmed = i + 1
	}
	var err error
	if img.CPUTimers, err = p.CPUTimers(f.threads); err != nil { // made since it was judged
		return fail(supervisor.CannotMove, err.Error())
	}
	fds, err := p.Family.FS.FDs(p.PID)
	if err != nil {
		return fail(supervisor.CannotMove, err.Error())
	}
	if err := p.movable(fds); err != nil {
		return err
	}
	kept := keptSignals(fds, img.Threads)
	img.Kept = kept
	for i := range img.Threads {
		if t := &img.Threads[i]; kept != 0 {
			t.Blocks = p.OwnMask(t)
		}
	}
	vmas, files, err := p.Mappings(img.Files)
	if err != nil {
		return fail(supervisor.CannotMove, err.Error())
	}
	img.VMAs, img.Files, img.LocksNew = vmas, files, p.LocksNew
	img.Limits[unix.RLIMIT_MEMLOCK] = p.lockLimit(img.Limits[unix.RLIMIT_MEMLOCK])
	if f.present, img.Guards, err = p.Contents(vmas); err != nil {
		return fail(supervisor.CannotMove, err.Error())
	}
	if err := f.shows(); err != nil {
		return err
	}
	p.identifyFiles(img)
	p.earlier(img)
	if err := f.affinity(); err != nil {
		return err
	}
	return f.claim()
}

// undo makes the process what it was and leaves it stopped no longer.
func (f *frozen) undo() error {
	defer f.h.Release()
	// Should this supervisor end before it lets them go, they are not to die of it, nor what they make.
	defer f.h.Do(func() { f.p.s.keepTraced(f.threads) })
	f.p.endSource()
	for _, d := range f.deputies {
		f.p.s.dropDeputy(d)
	}
	f.h.Do(func() {
		for _, t := range f.threads {
			t.SetData(nil)
		}
	})
	if !f.parked {
		f.h.Do(func() {
			for i, t := range f.threads {
				if i < len(f.saved) {
					_ = ptrace.SetSigMask(t.TID, f.saved[i].Mask)
				}
			}
		})
		f.waitOn()
		return nil
	}
	letGo(f.shown)
	if err := f.unclaim(); err != nil {
		f.p.s.log.Error("a process has to be killed: what it had mapped cannot be mapped again", "pid", f.p.PID, "error", err)
		kill(f.p.PID)
		return err
	}
	for i := 0; i < f.disarmed; i++ {
		if err := f.threads[i].RestoreThread(&f.saved[i]); err != nil {
			return err
		}
	}
	if err := f.h.Restore(f.threads, f.saved, f.taken); err != nil {
		return err
	}
	if err := f.threads[0].StartTimers(f.img.CPUTimers); err != nil {
		return err
	}
	if f.still {
		if err := f.threads[0].RestoreTimers(f.img); err != nil {
			return err
		}
	}
	f.stayAtWaits()
	return f.h.LeaveStub(f.threads, f.saved)
}

// commit: the guest runs. From here on the threads are deputies.
func (f *frozen) commit() {
	p := f.p
	p.mu.Lock()
	p.link, p.actions, p.files = f.link, f.img.Actions, f.img.Files
	p.arrives()
	p.moves++
	p.kept = f.img.Kept
	p.soles, p.shown, p.sharedAt = f.soles, f.shown, sharedAt(f.img)
	p.count = 0
	p.lockable = max(f.img.Locked(), f.img.Limits[unix.RLIMIT_MEMLOCK].Cur)
	p.stopped = f.stopped()
	p.mu.Unlock()
	p.noScratches()
	for _, d := range f.deputies {
		go d.run()
	}
	f.h.Pass()
	p.s.unlessLost(f.link)
	p.s.unlessWanted(p)
	p.s.fault.Reach(fault.HomeCommitted)
}

// travelling is how pending signals are sent.
func travelling(list []tracee.Pending) []wire.PendingSignal {
	var out []wire.PendingSignal
	for i := range list {
		out = append(out, wire.PendingSignal{TID: list[i].Own, Info: append([]byte(nil), list[i].Info[:]...)})
	}
	return out
}
