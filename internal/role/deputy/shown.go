package deputy

import (
	"fmt"
	"os"
	"slices"

	"openmosix/internal/linux/lease"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

// Who has a file mapped shared, only to be read, sees what others write to it, and in a private mapping that is longer than
// its file, what the file gets. Away there is a copy. So while
// it is away the file is held by a lease to read: nobody can write to it, and who opens it to do so waits until the
// process is here. See docs/design/0020.

// shownFile is such a file. Its description is shared with that of a child's: the lease ends with the last.
type shownFile struct {
	dev, ino uint64
	file     *os.File
}

// shows has the files held that the parked process sees. What they are named by counts from then on: until then, others
// may have written to them since they were looked at.
func (f *frozen) shows() error {
	for i := range f.img.VMAs {
		v := &f.img.VMAs[i]
		if !v.OfFile() {
			continue
		}
		id := &f.img.Files[v.File]
		if v.Kind != image.SharedFile && (v.Kind != image.File || !image.Outreaches(v.Off, v.Len(), id.Size)) {
			continue
		}
		if id.Sole || slices.ContainsFunc(f.shown, func(s *shownFile) bool { return s.ino == id.Ino && s.dev == id.Dev }) {
			continue
		}
		f.p.s.watchLeases()
		file, err := sole.Unchanging(f.p.Family.FS.MapFile(f.p.PID, v.Range), id.Path)
		// In a private mapping what the file gets from now on may be seen or not (mmap(2)); a page that it does not have yet
		// brings the process home.
		if err != nil && v.Kind != image.File {
			return fail(supervisor.CannotMove, fmt.Sprintf("it sees what is written to a file that it has mapped: %s (%s)", id.Path, err))
		}
		if file != nil {
			f.shown = append(f.shown, &shownFile{dev: id.Dev, ino: id.Ino, file: file})
		}
		f.p.forgetChanged(id)
	}
	return nil
}

// showsMore has one more file held, of which the process makes a mapping away: a description that was borrowed of it.
// False: what is written to it has to be seen.
func (p *proc) showsMore(own int, path string, st *unix.Stat_t) bool {
	p.mu.Lock()
	has := slices.ContainsFunc(p.shown, func(s *shownFile) bool { return s.ino == st.Ino && s.dev == st.Dev })
	p.mu.Unlock()
	if has {
		return true
	}
	p.s.watchLeases()
	file, err := sole.Unchanging(fmt.Sprintf("/proc/self/fd/%d", own), path)
	if err != nil {
		return false
	}
	if file == nil {
		return true
	}
	p.mu.Lock()
	away := p.link != nil
	if away { // else it has come home meanwhile
		p.shown = append(p.shown, &shownFile{dev: st.Dev, ino: st.Ino, file: file})
	}
	p.mu.Unlock()
	if !away {
		_ = file.Close()
	}
	p.s.unlessWanted(p)
	return true
}

// inheritShown holds for a child what its parent sees. Precondition: parent.mu is held, and nobody knows the child yet.
func (p *proc) inheritShown(parent *proc) error {
	for _, s := range parent.shown {
		fd, err := unix.FcntlInt(s.file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return err
		}
		p.shown = append(p.shown, &shownFile{dev: s.dev, ino: s.ino, file: os.NewFile(uintptr(fd), s.file.Name())})
	}
	return nil
}

// unshow lets who wants to write to them have the files: the process is here, or no more.
func (p *proc) unshow() {
	p.mu.Lock()
	all := p.shown
	p.shown = nil
	p.mu.Unlock()
	letGo(all)
}

func letGo(all []*shownFile) {
	for _, s := range all {
		_ = s.file.Close()
	}
}

// isWanted tells whether somebody waits for a file that the process has mapped.
func (p *proc) isWanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.soles, func(f *soleFile) bool { return lease.Wanted(f.file) }) ||
		slices.ContainsFunc(p.shown, func(f *shownFile) bool { return lease.WantedToWrite(f.file) })
}
