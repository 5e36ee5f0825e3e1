package tracee

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// ErrShared: the process has mapped memory that others write, and it does not.
var ErrShared = errors.New("it has writable memory that may be shared with other processes")

// Mappings reads a process's address space without the stub's region. The
// files found are appended to files, each once.
func Mappings(fs procfs.FS, pid int, base uint64, files []image.FileID) ([]image.VMA, []image.FileID, error) {
	ms, err := fs.Maps(pid)
	if err != nil {
		return nil, nil, err
	}
	var vs []image.VMA
	for _, m := range ms {
		if inStub(m.Range, base) {
			continue
		}
		v := image.VMA{Range: m.Range, Prot: m.Prot, Name: m.Name, Off: m.Off}
		switch {
		case m.Special:
			v.Kind, v.Off = image.Special, 0
		case m.Shared && m.Ino == 0:
			return nil, nil, fmt.Errorf("%w: %s at %#x", ErrShared, m.Name, m.Start)
		case m.Ino != 0:
			v.Kind = image.File
			switch {
			case m.Shared && mayWrite(fs, pid, m):
				v.Kind = image.Sole // whether it is, is seen to by who claims it
			case m.Shared && ofMemory(m.Name):
				return nil, nil, fmt.Errorf("%w: %s at %#x", ErrShared, m.Name, m.Start)
			case m.Shared:
				v.Kind = image.SharedFile
			}
			v.File, files = fileIndex(files, m, v.Kind == image.Sole)
		default:
			v.Off, v.Grows = 0, m.Name == "[stack]"
		}
		vs = append(vs, v)
	}
	return vs, files, nil
}

// inStub tells whether a mapping is one of the supervisor's.
func inStub(r image.Range, base uint64) bool {
	return base != 0 && r.Start >= base && r.Start < base+stub.Stretch
}

func (p *Process) inStub(r image.Range) bool { return inStub(r, p.Base) }

// ofMemory tells by a mapping's name that no file is behind it, but memory that
// another process may write.
func ofMemory(name string) bool {
	if strings.HasPrefix(name, "/memfd:openmosix-file") { // ours: a file's contents, mapped to be read
		return false
	}
	for _, prefix := range []string{"/SYSV", "/dev/zero", "/dev/shm/", "/memfd:", "[anon_shmem"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == ""
}

// mayWrite tells whether a shared mapping can be written, now or after an
// mprotect: its link below map_files has the rights with which the file was opened.
func mayWrite(fs procfs.FS, pid int, m procfs.Mapping) bool {
	if m.Prot&image.ProtWrite != 0 {
		return true
	}
	const ownerWrites = 0o200
	st, err := os.Lstat(fs.MapFile(pid, m.Range))
	return err == nil && st.Mode()&ownerWrites != 0
}

func fileIndex(files []image.FileID, m procfs.Mapping, sole bool) (uint32, []image.FileID) {
	for i, f := range files {
		if f.Dev == m.Dev && f.Ino == m.Ino && f.Path == m.Name && f.Sole == sole {
			return uint32(i), files
		}
	}
	return uint32(len(files)), append(files, image.FileID{Path: m.Name, Dev: m.Dev, Ino: m.Ino, Sole: sole})
}

// OpenFile gives a descriptor, valid in the process, of file i for mapping; the
// caller of Apply closes them all in the end.
type OpenFile func(i uint32) (fd int, err error)

// Apply turns the address space into the wanted one, by calls in a parked thread.
func (t *Thread) Apply(ops []layout.Op, open OpenFile) error {
	for _, o := range ops {
		var err error
		switch o.Action {
		case layout.Unmap:
			_, err = t.Must("munmap", unix.SYS_MUNMAP, o.Start, o.Len())
		case layout.Protect:
			_, err = t.Must("mprotect", unix.SYS_MPROTECT, o.Start, o.Len(), uint64(o.VMA.Prot))
		case layout.Grow:
			if t.Proc.grow(o.VMA) != nil { // something is too near by now
				err = t.mapOne(o.VMA, open)
			}
		case layout.Map:
			err = t.mapOne(o.VMA, open)
		case layout.Advise:
			err = t.advise(o.VMA, o.Was)
		}
		if err != nil {
			return fmt.Errorf("%#x-%#x %s: %w", o.Start, o.End, o.VMA.Name, err)
		}
	}
	return nil
}

func (t *Thread) mapOne(v image.VMA, open OpenFile) error {
	flags := uint64(unix.MAP_FIXED_NOREPLACE)
	fd, off := ^uint64(0), uint64(0)
	switch v.Kind {
	case image.Anonymous:
		flags |= unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
		if v.Grows {
			flags |= unix.MAP_GROWSDOWN
		}
		if v.Advice&image.NoReserve != 0 {
			flags |= unix.MAP_NORESERVE
		}
		if v.Advice&image.Droppable != 0 {
			flags = flags&^unix.MAP_PRIVATE | unix.MAP_DROPPABLE
		}
	case image.File, image.SharedFile, image.Sole:
		f, err := open(v.File)
		if err != nil {
			return err
		}
		fd, off = uint64(f), v.Off
		flags |= unix.MAP_PRIVATE
		if v.Kind != image.File {
			flags = flags&^unix.MAP_PRIVATE | unix.MAP_SHARED
		}
	default:
		return fmt.Errorf("cannot map what is of kind %d", v.Kind)
	}
	_, err := t.Must("mmap", unix.SYS_MMAP, v.Start, v.Len(), uint64(v.Prot), flags, fd, off)
	if v.Kind == image.Anonymous && errors.Is(err, unix.ENOMEM) {
		// More than there can be: it was mapped so. Others are not, or they would not
		// be one mapping with what the process has beside them, and grow with it.
		_, err = t.Must("mmap", unix.SYS_MMAP, v.Start, v.Len(), uint64(v.Prot), flags|unix.MAP_NORESERVE, fd, off)
	}
	was := v.Advice & image.Droppable
	if was != 0 {
		was |= image.WipeOnFork | image.DontDump // which it implies
		if errors.Is(err, unix.EINVAL) {         // an older kernel: what is never dropped will do
			was = 0
			_, err = t.Must("mmap", unix.SYS_MMAP, v.Start, v.Len(), uint64(v.Prot), flags&^unix.MAP_DROPPABLE|unix.MAP_PRIVATE, fd, off)
		}
	}
	if err != nil {
		return err
	}
	return t.advise(v, was)
}
