package deputy

import (
	"errors"
	"os"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// expectAny waits for the next frame of the move under way, whatever it is.
func (p *proc) expectAny() (frame, error) {
	f, err := p.nextFrame()
	if err == nil && f.kind == wire.Failed {
		err = failedBy(f)
	}
	return f, err
}

// nextFrame is expectAny that leaves a failure to the caller.
func (p *proc) nextFrame() (frame, error) {
	p.mu.Lock()
	in := p.inbox
	p.mu.Unlock()
	timer := time.NewTimer(stepLimit)
	defer timer.Stop()
	select {
	case f := <-in.frames:
		return f, nil
	case <-timer.C:
		return frame{}, fail(supervisor.Unreachable, "the guest's side did not answer in time")
	}
}

// hash is the SHA-256 of a file, remembered as long as the file does not change.
func (s *Supervisor) hash(f *os.File) ([]byte, error) {
	id, err := s.hashes.IdentifyFile(f)
	return id.Hash, err
}

// verdictWait is how long to wait for the other side's own word on a failure.
const verdictWait = 200 * time.Millisecond

// verdict replaces an error of the connection by what the other side said
// before it hung up.
func (p *proc) verdict(err error) error {
	var m *moveError
	if !errors.As(err, &m) || m.code != supervisor.Unreachable {
		return err
	}
	p.mu.Lock()
	in := p.inbox
	p.mu.Unlock()
	timer := time.NewTimer(verdictWait)
	defer timer.Stop()
	for {
		select {
		case f := <-in.frames:
			if f.kind == wire.Failed {
				return failedBy(f)
			}
		case <-timer.C:
			return err
		}
	}
}

// failedBy turns the other side's word into an error.
func failedBy(f frame) error {
	var m wire.FailedMsg
	if err := wire.Decode(f.data, &m); err != nil {
		return err
	}
	code := supervisor.Refused
	if m.Busy {
		code = supervisor.Busy
	}
	return fail(code, m.Step+": "+m.Text)
}
