package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
)

var errExecs = fail(supervisor.Busy, "the process is executing other programs")

// prepare opens a session on the target node and lets it build the body while
// the process still runs.
func (s *Supervisor) prepare(p *proc, r supervisor.Request) (*link, *image.Image, error) {
	img, err := p.sketch()
	if err == errExecs {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, fail(supervisor.CannotMove, err.Error())
	}
	l, lacking, err := s.announce(p, r, img)
	if err != nil {
		return nil, nil, err
	}
	if err := p.sendFiles(l, img, lacking); err != nil {
		l.leave()
		return nil, nil, err
	}
	return l, img, nil
}

// orExecs is err, or that the process has executed another program since it had executed so many: what was looked at of the one before is
// not there any more, whatever that looks like.
func (s *Supervisor) orExecs(p *proc, program int, err error) error {
	s.fam.Loop.Do(func() {}) // behind it all stops are taken that have been reported
	s.fam.Loop.Do(func() {
		if p.Execs != program {
			err = errExecs
		}
	})
	return err
}
