package deputy

import (
	"fmt"
	"os"

	"openmosix/internal/model/image"
	"openmosix/internal/process/sole"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A process may have descriptors of what it has of its own. They stay here, with their offset and locks; what
// goes by them to the contents is done where the process is, or it comes home for it. They are of one
// description, and nobody else has it: of a file that one is leased, as another would be one too many; that of a
// memfd is not counted by leases.

// openFor opens what the process has mapped, or borrows the description that it has.
func (p *proc) openFor(o *sole.Object, id *image.FileID) (*soleFile, error) {
	memory, err := sole.InMemory(o)
	if err != nil {
		return nil, err
	}
	if len(id.Open) > 0 && !memory {
		return p.borrow(id)
	}
	// Who holds a lease of it is not to be waited for.
	file, err := os.OpenFile(p.Family.FS.MapFile(p.PID, o.Range), os.O_RDWR|unix.O_NONBLOCK|unix.O_NOATIME, 0)
	if err != nil {
		return nil, notAlone(id, "it cannot be opened: "+err.Error())
	}
	return &soleFile{file: file}, nil
}

func (p *proc) borrow(id *image.FileID) (*soleFile, error) {
	fd, err := tracee.Borrow(p.PID, int(id.Open[0]))
	if err != nil {
		return nil, notAlone(id, fmt.Sprintf("descriptor %d cannot be borrowed: %v", id.Open[0], err))
	}
	// The kernel tells the owner of a description of whoever wants its file: that is to be this process.
	owner, err := unix.FcntlInt(uintptr(fd), unix.F_GETOWN, 0)
	if err == nil && owner != 0 {
		err = fmt.Errorf("process %d gets its signals", owner)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, notAlone(id, err.Error())
	}
	return &soleFile{file: os.NewFile(uintptr(fd), id.Path), its: true}, nil
}

// disown makes a description that of the process alone again.
func disown(file *os.File) { _, _ = unix.FcntlInt(file.Fd(), unix.F_SETOWN, 0) }

// disownAll is disown of all that are a process's own descriptions.
func disownAll(all []*soleFile) {
	for _, s := range all {
		if s.its {
			disown(s.file)
		}
	}
}

// ownOf is one of a process's own descriptors of a file, negative: it has none.
func ownOf(id *image.FileID) int {
	if len(id.Open) == 0 {
		return -1
	}
	return int(id.Open[0])
}

// stillOpen notes which descriptors the process has by now of what is its own: it may have closed some. It
// stands still, or nothing of it runs.
func (p *proc) stillOpen(files []image.FileID) error {
	for i := range files {
		id := &files[i]
		if !id.Sole || id.Joint {
			continue
		}
		id.Open = nil
		file := soleOf(p.hasSoles(), id)
		if file == nil {
			continue
		}
		var its unix.Stat_t
		if err := unix.Fstat(int(file.Fd()), &its); err != nil {
			return fmt.Errorf("look at %s: %w", id.Path, err)
		}
		open, err := sole.Showing(p.Family.FS, p.PID, &its)
		if err != nil {
			return err
		}
		for _, fd := range open {
			id.Open = append(id.Open, int32(fd.Number))
		}
	}
	return nil
}

// forgetMapped closes those of the files kept for mappings made away that are the process's own now: they would be
// somebody else's.
func (p *proc) forgetMapped(soles []*soleFile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rest []*handle
	for _, h := range p.mapped {
		if isOneOf(soles, h.file) {
			_ = h.file.Close()
			continue
		}
		rest = append(rest, h)
	}
	p.mapped = rest
}

func isOneOf(soles []*soleFile, file *os.File) bool {
	a, err := file.Stat()
	if err != nil {
		return false
	}
	for _, s := range soles {
		if b, err := s.file.Stat(); err == nil && os.SameFile(a, b) {
			return true
		}
	}
	return false
}
