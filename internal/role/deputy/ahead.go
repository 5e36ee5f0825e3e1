package deputy

import (
	"errors"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// worthWatching is the resident size from which sending ahead is tried.
const worthWatching = 4 << 20

// sendAhead sends a process's memory while it still runs at home. It is an
// improvement only: where writes cannot be noted, the watch is nil and the
// frozen process is sent as a whole. An error is one of the other side, or the
// process's end. The watch must stay open until the rest has been sent.
func (p *proc) sendAhead(l *link, img *image.Image, how supervisor.Strategy, progress func(string, uint64, uint64)) (*tracee.Ahead, *tracee.Watch, error) {
	none := &tracee.Ahead{}
	if how == supervisor.PostCopy {
		return none, nil, nil
	}
	st, err := p.Family.FS.Status(p.PID)
	// A filter of the process's own may kill it for the call that makes the watch.
	if err != nil || st.VmRSS < worthWatching || st.Seccomp != 0 || st.State == 'T' || st.State == 't' {
		return none, nil, nil
	}
	if leader := p.Leader(); leader != nil {
		p.noteWaits(leader)
	}
	w, err := p.WatchRunning(p.s.homeOptions()|ptrace.ExitKill, p.s.homeOptions(), func(t *tracee.Thread, r *image.Regs) { p.waitAgain(t, r, nil) })
	if err != nil {
		p.s.log.Debug("nothing is sent ahead", "pid", p.PID, "error", err)
		return none, nil, nil
	}
	w.Cover(img.VMAs)
	thin := &thinned{p: p, l: l}
	beside, opened := p.sendBeside(l, st.VmRSS)
	defer opened.end()
	a := &tracee.Ahead{P: p.Process, Into: tracee.PrivateRanges(img.VMAs), All: true,
		Stream:   tracee.Stream{Emit: thin.emit, Settle: func() error { return p.settle(l) }, Relieved: true},
		Beside:   beside,
		Stopped:  p.isCancelled,
		Progress: func(done, total uint64) { progress("precopy", done, total) }}
	if err := a.Run(); err != nil {
		w.Close()
		if errors.Is(err, tracee.ErrStopped) {
			err = errCancelled
		}
		return nil, nil, err
	}
	thin.rate(a)
	p.s.rates.note(l.node, a.Rate)
	return a, w, nil
}

// settle waits until the other side has stored what it was sent.
func (p *proc) settle(l *link) error {
	if err := unsent(l.send(wire.Settle, p.Own)); err != nil {
		return err
	}
	_, err := p.expect(l, wire.Settled)
	return err
}

// unsent is the error of a connection as one of the move.
func unsent(err error) error {
	if err == nil {
		return nil
	}
	return fail(supervisor.Unreachable, "cannot send to the other node: "+err.Error())
}
