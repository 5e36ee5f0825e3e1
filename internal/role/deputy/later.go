package deputy

import (
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"
)

// rest is what the other side does not hold yet of a frozen process.
type rest struct {
	send, later []image.Range
}

// divide finds the rest and decides what is sent before the process runs there.
func (f *frozen) divide() error {
	p := f.p
	f.gives = f.worthGiving(f.present)
	left := f.present
	if len(f.ahead.Sent) > 0 {
		written, err := p.Written(f.img.VMAs)
		if err != nil {
			return err
		}
		left = f.ahead.Left(f.present, written)
	}
	f.rest = rest{send: left}
	later := missing.Later(f.img, left, laterBy(f.strategy, f.link), p.s.rates.last(f.link.node))
	if len(later) == 0 {
		return nil
	}
	f.rest.later = later
	f.rest.send = layout.Subtract(left, later)
	return nil
}

// laterBy tells whether pages may follow to the other side of a link.
func laterBy(strategy supervisor.Strategy, l *link) missing.When {
	switch {
	case strategy == supervisor.PreCopy || !l.fetches.Load():
		return missing.Never
	case strategy == supervisor.PostCopy:
		return missing.Always
	}
	return missing.Chosen
}

// sendRest sends what is to be there before the process runs, and has the other side drop what
// is nothing here.
func (f *frozen) sendRest() error {
	emit := (&thinned{p: f.p, l: f.link}).emit
	if _, err := tracee.SendPages(f.p.Mem, f.rest.send, emit); err != nil {
		return err
	}
	return tracee.SendAbsent(f.img.VMAs, f.present, emit)
}
