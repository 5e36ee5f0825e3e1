package deputy

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"openmosix/internal/linux/lease"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/reach"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

// What a process has mapped to be written and shared, and that is nobody else's, travels with
// it. While it is away its contents are there, and the file here is held by a lease: who opens
// it waits until the process, or what it has left behind, is here. See docs/design/0020.

// soleFile is such a file, or memory, while its process is away.
type soleFile struct {
	id   image.FileID
	file *os.File // nobody else has it open or mapped
	its  bool     // file is the process's own description: soleopen.go
}

// claim takes what is the parked process's alone, or tells why that is not so. It is mapped here
// no more afterwards.
func (f *frozen) claim() error {
	p, img := f.p, f.img
	var memory, passed []sole.Object
	for i := range img.Files {
		id := &img.Files[i]
		if !id.Sole {
			continue
		}
		if is, err := f.isJoint(id); err != nil {
			return err
		} else if is {
			continue
		}
		o := sole.Object{Dev: id.Dev, Ino: id.Ino, Name: id.Path}
		at := slices.IndexFunc(img.VMAs, func(v image.VMA) bool { return v.Kind == image.Sole && v.File == uint32(i) })
		o.Range = img.VMAs[at].Range
		s, err := p.openSole(&o, id)
		if err != nil {
			return err
		}
		f.soles = append(f.soles, s)
		if in, err := sole.InMemory(&o); err != nil {
			return err
		} else if in && o.Memfd() || len(id.Open) > 0 {
			passed = append(passed, o)
		} else if in {
			memory = append(memory, o)
		}
	}
	if len(f.soles) == 0 {
		return nil
	}
	if err := p.notKin(memory); err != nil {
		return err
	}
	if err := p.notHeld(passed); err != nil {
		return err
	}
	p.s.watchLeases()
	p.forgetMapped(f.soles)
	f.unmapped = true
	if err := f.threads[0].UnmapSole(img.VMAs, img.Files); err != nil {
		return err
	}
	for _, s := range f.soles {
		err := lease.Take(s.file)
		if errors.Is(err, lease.ErrHeld) {
			return notAlone(&s.id, lease.ErrHeld.Error())
		} else if err != nil {
			return notAlone(&s.id, "who else has it cannot be seen: "+err.Error())
		}
	}
	return f.measure()
}

// measure tells how large they are, and whether they can travel. Until now, when nobody else has them, others could
// have changed that: who was passed a descriptor may have used it while it was looked who has one.
func (f *frozen) measure() error {
	var left int64 = image.MaxSole
	for _, s := range f.soles {
		st, err := s.file.Stat()
		if err != nil {
			return notAlone(&s.id, "it cannot be looked at: "+err.Error())
		}
		n := sole.Amount(s.file, st.Size())
		if st.Size() > image.MaxSoleSize || n > left {
			return notAlone(&s.id, fmt.Sprintf("alone or with others it has more in it than %d MB", image.MaxSole>>20))
		}
		left -= n
		s.id.Size = uint64(st.Size())
		for i := range f.img.Files {
			if id := &f.img.Files[i]; id.Sole && id.Dev == s.id.Dev && id.Ino == s.id.Ino {
				id.Size = s.id.Size
			}
		}
	}
	return nil
}

// isJoint tells of a file that it is shared with the family, as coverShared has seen to.
func (f *frozen) isJoint(id *image.FileID) (bool, error) {
	k := joint.KeyOf(id)
	size, known := f.p.s.joint.node.Size(k)
	switch {
	case !known || !f.link.fetches.Load() || !f.p.isServed(k):
		return false, nil
	case f.p.s.joint.guards.Pinned(k):
		return false, &moveError{supervisor.Busy, "another process is just getting memory that it shares: " + id.Path, true}
	}
	id.Joint, id.Size = true, size
	return true, nil
}

func notAlone(id *image.FileID, why string) *moveError {
	return &moveError{code: supervisor.CannotMove, text: fmt.Sprintf("it has writable memory that may be shared with other processes: %s (%s)", id.Path, why)}
}

// openSole opens what a mapping shows; id learns by which descriptors the process has it open.
func (p *proc) openSole(o *sole.Object, id *image.FileID) (*soleFile, error) {
	why, err := sole.Hindrance(p.Family.FS, p.PID, o)
	if err == nil && why != "" {
		return nil, notAlone(id, why)
	}
	if err != nil {
		return nil, notAlone(id, "it cannot be looked at: "+err.Error())
	}
	open, err := sole.Descriptors(p.Family.FS, p.PID, o)
	if err == nil {
		why, err = sole.OpenHindrance(p.PID, open)
	}
	if err == nil && why != "" {
		return nil, notAlone(id, why)
	}
	if err != nil {
		return nil, notAlone(id, "who has it open cannot be seen: "+err.Error())
	}
	for _, fd := range open {
		id.Open = append(id.Open, int32(fd.Number))
	}
	s, err := p.openFor(o, id)
	if err != nil {
		return nil, err
	}
	file := s.file
	if reach.Sealed(file) {
		_ = file.Close()
		return nil, notAlone(id, "it is sealed, so that it cannot be mapped again") // memory; a file has none
	}
	s.id = *id
	return s, nil
}

// notKin looks whether other processes have anonymous memory of one that stands still.
func (p *proc) notKin(memory []sole.Object) error {
	if len(memory) == 0 {
		return nil
	}
	others, err := sole.Mappers(p.Family.FS, p.PID, memory, true)
	if err != nil {
		return fail(supervisor.CannotMove, err.Error())
	}
	for i, other := range others {
		o := &memory[i]
		if other != 0 {
			return notAlone(&image.FileID{Path: o.Name}, fmt.Sprintf("process %d has it, too", other))
		}
	}
	return nil
}

// notHeld looks whether other processes have what has, or had, a descriptor of a process that
// stands still.
func (p *proc) notHeld(passed []sole.Object) error {
	if len(passed) == 0 {
		return nil
	}
	why, waits, err := sole.Holders(p.Family.FS, p.PID, passed)
	if err != nil {
		return fail(supervisor.CannotMove, err.Error())
	}
	for i := range passed {
		if why[i] != "" {
			e := notAlone(&image.FileID{Path: passed[i].Name}, why[i])
			e.brief = waits
			return e
		}
	}
	return nil
}

// unclaim gives back what was claimed. Precondition: the threads are parked.
func (f *frozen) unclaim() error {
	var err error
	if f.unmapped {
		err = f.p.unlimited(func() error {
			return f.threads[0].MapSole(f.img.VMAs, f.img.Files, func(i uint32) (*os.File, int) {
				id := &f.img.Files[i]
				return soleOf(f.soles, id), ownOf(id)
			})
		})
	}
	release(f.soles)
	f.soles, f.unmapped = nil, false
	return err
}

// sendSoles sends what is in them.
func (f *frozen) sendSoles() error {
	for _, s := range f.soles {
		err := sole.Send(s.file, &s.id, false, func(parts ...[]byte) error { return f.p.send(f.link, wire.Sole, parts...) })
		if err != nil {
			return err
		}
	}
	return nil
}

// soleOf finds a file; nil: it is none of them.
func soleOf(all []*soleFile, id *image.FileID) *os.File {
	for _, s := range all {
		if s.id.Dev == id.Dev && s.id.Ino == id.Ino {
			return s.file
		}
	}
	return nil
}

// release lets who waits for the files have them.
func release(all []*soleFile) {
	for _, s := range all {
		_ = lease.Return(s.file) // closed it would go on, as the process may have the same description mapped
		if s.its {
			disown(s.file)
		}
		_ = s.file.Close()
	}
}

// takeSoles takes from a process what it has of its own.
func (p *proc) takeSoles() []*soleFile {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.soles
	p.soles = nil
	return all
}

func (p *proc) hasSoles() []*soleFile {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.soles
}

// storeSole puts into a file here what a guest side has sent of it.
func storeSole(all []*soleFile, data []byte) error {
	m, err := wire.DecodeSole(data)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.id.Dev == m.Dev && s.id.Ino == m.Ino {
			return sole.Store(s.file, s.id.Size, m)
		}
	}
	return fmt.Errorf("contents of file %d came, which the process has not", m.Ino)
}

// watchLeases brings a process home when somebody wants what it has of its own.
func (s *Supervisor) watchLeases() {
	s.watching.Do(func() {
		wanted := make(chan os.Signal, 1)
		signal.Notify(wanted, unix.SIGIO)
		go func() {
			for range wanted {
				for _, p := range s.all() {
					s.unlessWanted(p)
				}
			}
		}()
	})
}

// unlessWanted brings a process home if somebody waits for a file of its own.
func (s *Supervisor) unlessWanted(p *proc) {
	if !p.isWanted() || !p.once(&p.wanted) {
		return
	}
	s.log.Info("a process comes home because another one opens a file that it has mapped", "pid", p.PID)
	go func() {
		defer s.endIfIdle()
		for within := owntime.Within(leaseLimit); p.away() != nil && !within.Over(); time.Sleep(leasePause) {
			if _, _, err := s.move(supervisor.Request{Verb: supervisor.MoveTo, PID: p.PID, Why: "another process opens a file that it has mapped"}); err != nil {
				s.log.Debug("not home yet", "pid", p.PID, "error", err)
			}
		}
		if p.away() != nil {
			s.log.Warn("a process cannot come home: who opens the file that it has mapped sees what was in it before", "pid", p.PID)
		}
		p.mu.Lock()
		p.wanted = false
		p.mu.Unlock()
	}()
}

// leaseLimit is how long it is tried: longer the kernel lets nobody wait, as a rule.
const (
	leaseLimit = 45 * time.Second
	leasePause = 20 * time.Millisecond
)
