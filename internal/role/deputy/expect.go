package deputy

import (
	"crypto/sha256"
	"io"
	"os"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// expectAny waits for the next frame of the move under way, whatever it is.
func (p *proc) expectAny() (frame, error) {
	p.mu.Lock()
	in := p.inbox
	p.mu.Unlock()
	timer := time.NewTimer(stepLimit)
	defer timer.Stop()
	select {
	case f := <-in:
		if f.kind != wire.Failed {
			return f, nil
		}
		var m wire.FailedMsg
		if err := wire.Decode(f.data, &m); err != nil {
			return f, err
		}
		return f, fail(supervisor.Refused, m.Step+": "+m.Text)
	case <-timer.C:
		return frame{}, fail(supervisor.Unreachable, "the guest's side did not answer in time")
	}
}

// hash is the SHA-256 of a file.
func (s *Supervisor) hash(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}
