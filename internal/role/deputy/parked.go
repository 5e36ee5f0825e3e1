package deputy

import (
	"errors"
	"os"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// faults makes a userfaultfd of a process, which serves the kernel's faults as well. Its threads are
// parked.
func (p *proc) faults(leader *tracee.Thread, want uffd.Features) (uffd.FD, error) {
	device, err := os.Open(faultDevice)
	if err != nil {
		return -1, err
	}
	defer device.Close()
	var fd uffd.FD
	return fd, p.Unlimited(func() error { // a process may have as many descriptors as it may
		its, err := leader.Give(device)
		if err != nil {
			return err
		}
		fd, err = leader.Userfault(its, want)
		if _, e := leader.Must("close", unix.SYS_CLOSE, uint64(its)); err == nil {
			err = e
		}
		return err
	})
}

// whileParked stops a process at home for a moment, its threads in the stub. Precondition: nobody else
// moves it.
func (s *Supervisor) whileParked(p *proc, do func(leader *tracee.Thread) error) error {
	defer p.goesOn()
	h, err := s.freezeAtHome(p, running)
	if err != nil {
		return err
	}
	f := &frozen{p: p, h: h, img: &image.Image{}, threads: h.Threads()}
	vmas, _, err := p.Mappings(nil)
	if err == nil {
		err = h.StepOut(f.threads, tracee.VDSO(vmas))
	}
	if err == nil {
		f.saved, err = h.Save(f.threads)
	}
	for i := range f.saved {
		p.waitAgain(f.threads[i], &f.saved[i].Regs, nil)
	}
	if err == nil {
		err = f.park()
	}
	if err == nil {
		err = do(f.threads[0])
	}
	if undo := f.undo(); undo != nil {
		return undo
	}
	return err
}

// manner is how a process that is to leave is found.
type manner uint8

const (
	// running: it runs on until the other side is prepared.
	running manner = iota
	// still: it is stopped before, because it does not stay the same for so long.
	still
	// atExec: its only thread stands in the stop of an execve, or where its program
	// begins.
	atExec
)

func (s *Supervisor) freezeAtHome(p *proc, how manner) (*tracee.Hold, error) {
	var goOn func()
	if how == atExec { // to the next stop, which it was told to make
		goOn = func() {
			for _, t := range p.Threads() {
				_ = ptrace.Continue(t.TID, 0)
			}
		}
	}
	if how != atExec {
		p.noteWaits(p.Threads()...)
	}
	p.stands()
	h, err := p.Freeze(stopLimit, letThrough, goOn, nil)
	switch {
	case errors.Is(err, tracee.ErrExec):
		return nil, errExecs
	case errors.Is(err, tracee.ErrLeaderLeft):
		return nil, fail(supervisor.CannotMove, err.Error())
	}
	return h, err
}

// save gives what the threads are, outside the vDSO.
func (f *frozen) save(vdso []image.Range) ([]image.Thread, error) {
	saved, outside, err := f.h.SaveOutside(f.threads, vdso)
	if errors.Is(err, unix.ESRCH) { // it has ended
		return nil, err
	}
	if err == nil && !outside {
		if err := f.h.StepOut(f.threads, vdso); err != nil {
			return nil, err
		}
		saved, err = f.h.Save(f.threads)
	}
	if err != nil {
		return nil, fail(supervisor.CannotMove, err.Error())
	}
	return saved, nil
}
