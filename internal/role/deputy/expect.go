package deputy

import (
	"errors"
	"fmt"
	"os"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// nextFrame waits for the next frame of the move under way from one side.
func (p *proc) nextFrame(l *link) (frame, error) {
	for {
		before := p.passed()
		f, ok := p.inboxFor(l).next(stepLimit, p.cancelSignal(), p.stoodTooLong())
		if ok {
			p.carried.Add(uint64(len(f.data)))
			return f, nil
		}
		if p.isCancelled() {
			return f, errCancelled
		}
		if err := p.stillError(); err != nil {
			return f, err
		}
		if in := p.inboxFor(l); in != nil && in.overflowed() {
			return f, fail(supervisor.Unreachable, "the other node, or the way there, is too slow for what comes of the process")
		}
		if p.passed() == before { // else it does: it fetches what it lacks first, or gives by other connections
			return f, fail(supervisor.Unreachable, "the guest's side did not answer in time (is that node slow, or its openMosix of another version?)")
		}
	}
}

// passed counts what of the process has gone to its guests and come from them.
func (p *proc) passed() uint64 { return p.fetched.Load() + p.carried.Load() }

// expectAny is nextFrame for which a failure is an error.
func (p *proc) expectAny(l *link) (frame, error) {
	f, err := p.nextFrame(l)
	if err == nil && f.kind == wire.Failed {
		err = failedBy(f)
	}
	return f, err
}

// expect waits for one kind of answer from a guest side.
func (p *proc) expect(l *link, want uint8) (frame, error) {
	f, err := p.expectAny(l)
	if err == nil && f.kind != want {
		err = fmt.Errorf("unexpected answer %d from the guest's side (different versions of openMosix on the two nodes?)", f.kind)
	}
	return f, err
}

// hash is the SHA-256 of a file, remembered as long as the file does not change.
func (s *Supervisor) hash(f *os.File) ([]byte, error) {
	id, err := s.hashes.IdentifyFile(f)
	return id.Hash, err
}

// verdictWait is how long to wait for the other side's own word on a failure, whatever else it says: the process may stand
// still meanwhile.
const verdictWait = 200 * time.Millisecond

// verdict replaces an error of the connection by what the other side said
// before it hung up.
func (p *proc) verdict(l *link, err error) error {
	var m *moveError
	if !errors.As(err, &m) || m.code != supervisor.Unreachable {
		return err
	}
	for within := owntime.Within(verdictWait); !within.Over(); {
		f, ok := p.inboxFor(l).next(verdictWait, nil, nil)
		switch {
		case !ok:
			return err
		case f.kind == wire.Failed:
			return failedBy(f)
		}
	}
	return err
}

// failedBy turns the other side's word into an error.
func failedBy(f frame) error {
	var m wire.FailedMsg
	if err := wire.Decode(f.data, &m); err != nil {
		return err
	}
	if m.Step == processStep || m.Gone {
		return fail(supervisor.NoSuchProcess, m.Text)
	}
	if m.Unfit {
		return errUnfit
	}
	code := supervisor.Refused
	switch {
	case m.Busy:
		code = supervisor.Busy
	case m.Step == linkStep:
		return fail(supervisor.Unreachable, m.Text)
	}
	return fail(code, m.Step+": "+m.Text)
}

// linkStep marks a failure of the connection, which no other side has reported.
const linkStep = "link"
