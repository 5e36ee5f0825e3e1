// Package sole tells whether memory that a process could share, a file mapped to be
// written or anonymous memory for its children, is that process's alone.
//
// Of a file the kernel tells it, at one moment and for good, by a lease (package lease).
// That says nothing of anonymous memory, whose first description it does not count: who has
// mapped it is found in proc. Only a process that has it mapped can give it to another one, by
// a fork: so what is found of one that stands still stays true, and who has executed a program
// since its birth has nothing of what its parent had. What has had a descriptor can be anywhere
// (Holders).
//
// Nothing is opened here, as that would end leases: links of proc are followed for their
// properties only. What a process sees of others (Unchanging) is another matter.
package sole

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"openmosix/internal/linux/kcmp"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Object is what one or several mappings of a process show. Dev and Ino are as in its maps.
type Object struct {
	image.Range // of one of the mappings
	Dev, Ino    uint64
	Name        string
}

// key names an object in any process's maps.
type key struct{ dev, ino uint64 }

func (o *Object) key() key { return key{o.Dev, o.Ino} }

// Memfd tells whether it is memory that has, or had, a descriptor (memfd_create(2)): who has
// that is not seen by mappings alone. It must be InMemory.
func (o *Object) Memfd() bool { return strings.HasPrefix(o.Name, memfdPrefix) }

// Look tells about what the object's mapping shows, and on which file system. A process that runs may have mapped something
// else at that place since its maps were read: then the object is there no more (ENOENT). That is seen of memory; of other file
// systems maps and stat(2) may give different names (overlays, btrfs).
func (o *Object) Look(fs procfs.FS, pid int) (st unix.Stat_t, where unix.Statfs_t, err error) {
	path := fs.MapFile(pid, o.Range)
	if err = unix.Statfs(path, &where); err == nil {
		err = unix.Stat(path, &st)
	}
	if err == nil && (where.Type == unix.TMPFS_MAGIC || o.Memfd()) && !o.Is(&st) {
		err = unix.ENOENT
	}
	return st, where, err
}

// Is tells whether a file in memory is the object.
func (o *Object) Is(st *unix.Stat_t) bool { return st.Dev == o.Dev && st.Ino == o.Ino }

// local are file systems that grant leases by what all processes of this kernel have open,
// and mappings of whose files are mappings of just these.
var local = map[int64]bool{
	unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.BTRFS_SUPER_MAGIC: true, unix.F2FS_SUPER_MAGIC: true, unix.TMPFS_MAGIC: true,
}

// muchRoom is what a file system must have free before a file with holes may be written
// elsewhere: at home its writer would be told at the first store.
const muchRoom = 1 << 30

// Hindrance tells why an object cannot travel, whoever else has it; empty: it can. What is
// said continues a sentence.
func Hindrance(fs procfs.FS, pid int, o *Object) (string, error) {
	st, where, err := o.Look(fs, pid)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", o.Name, err)
	}
	memory, err := InMemory(o)
	room := where.Blocks == 0 || where.Bavail*uint64(where.Bsize) >= muchRoom+uint64(st.Size)
	switch {
	case err != nil:
		return "", err
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return "it is no ordinary file", nil
	case memory && o.Name != "/dev/zero" && !o.Memfd():
		return "it is memory of a kind that does not tell who has it", nil
	case !local[int64(where.Type)]:
		return "its file system does not tell who has it", nil
	case st.Size > image.MaxSoleSize || min(st.Size, st.Blocks*512) > image.MaxSole:
		return fmt.Sprintf("it is larger than %d MB", image.MaxSole>>20), nil
	case !memory && st.Blocks*512 < st.Size && !room:
		return "it has holes, and its file system little room for what is written to them", nil
	}
	return "", nil
}

// InMemory tells whether an object is memory without a file: anonymous, or of
// memfd_create(2). All of it is of one file system, which nobody can mount.
func InMemory(o *Object) (bool, error) {
	fd, err := unix.MemfdCreate("openmosix", unix.MFD_CLOEXEC)
	if err != nil {
		return false, fmt.Errorf("make memory: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return false, fmt.Errorf("look at memory: %w", err)
	}
	return st.Dev == o.Dev, nil
}

// Mappers finds for each object another process that has it mapped; 0: none has. kin: only those
// are looked at that may have anonymous memory of the process, and not to be allowed to is an
// error; else such are passed over.
func Mappers(fs procfs.FS, pid int, objects []Object, kin bool) ([]int, error) {
	found := make([]int, len(objects))
	s := &search{fs: fs, pid: pid, kin: kin, all: kin}
	s.look = []func(pid, face int) error{mappers(fs, pid, objects, func(at, other int) { found[at] = other })}
	return found, s.run()
}

// Holders tells of each object why it seems that another process has it, or will: what has, or had, a
// descriptor may have gone anywhere. Empty: nobody has it. waits: one of them has yet to receive what may be of it, and
// may do so soon. Not to be allowed to look is an error.
func Holders(fs procfs.FS, pid int, objects []Object) (why []string, waits bool, err error) {
	for try := 1; ; try++ {
		why, waits, err = holders(fs, pid, objects)
		if err != nil || !waits || try == maxTries {
			return why, waits, err
		}
		time.Sleep(passPause)
	}
}

// How often, and how long, it is waited for a descriptor that is on its way.
const (
	maxTries  = 8
	passPause = 5 * time.Millisecond
)

func holders(fs procfs.FS, pid int, objects []Object) (why []string, waits bool, err error) {
	why = make([]string, len(objects))
	o, err := newOpeners(fs, pid, objects, func(at, _ int, text string) { why[at] = text })
	if err != nil {
		return nil, false, err
	}
	o.all = true
	mapped := mappers(fs, pid, objects, func(at, other int) { why[at] = fmt.Sprintf("process %d has it, too", other) })
	o.look = []func(pid, face int) error{o.passing, o.descriptors, mapped}
	err = o.run()
	return why, o.waits, err
}

// Descriptors finds the descriptors of the process itself that show an object.
func Descriptors(fs procfs.FS, pid int, o *Object) ([]procfs.FD, error) {
	its, _, err := o.Look(fs, pid)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", o.Name, err)
	}
	return Showing(fs, pid, &its)
}

// Showing finds the descriptors of a process that show a file.
func Showing(fs procfs.FS, pid int, its *unix.Stat_t) ([]procfs.FD, error) {
	fds, err := fs.FDs(pid)
	if err != nil {
		return nil, err
	}
	var open []procfs.FD
	for _, fd := range fds {
		var st unix.Stat_t
		err := unix.Stat(fs.Path(pid, fmt.Sprintf("fd/%d", fd.Number)), &st)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("look at descriptor %d: %w", fd.Number, err)
		}
		if st.Dev == its.Dev && st.Ino == its.Ino {
			open = append(open, fd)
		}
	}
	return open, nil
}

// unlike are the flags of a description by which what is written would go elsewhere, or in another way.
const unlike = unix.O_APPEND | unix.O_DIRECT | unix.O_PATH | unix.O_ASYNC | unix.O_NONBLOCK

// OpenHindrance tells why an object cannot travel of which the process has these descriptors; empty: it
// can, if nobody else has them.
func OpenHindrance(pid int, open []procfs.FD) (string, error) {
	for _, fd := range open {
		one, err := kcmp.SameFile(pid, open[0].Number, pid, fd.Number)
		switch {
		case errors.Is(err, unix.EBADF):
			continue // a process that runs has closed it, or the first one, meanwhile: it is looked at again when it stands
		case err != nil:
			return "", fmt.Errorf("look at descriptor %d: %w", fd.Number, err)
		case !one:
			return fmt.Sprintf("it has been opened twice, as descriptors %d and %d", open[0].Number, fd.Number), nil
		case fd.Flags&unix.O_ACCMODE != unix.O_RDWR || fd.Flags&unlike != 0:
			return fmt.Sprintf("it is open as descriptor %d, not for plain reading and writing", fd.Number), nil
		}
	}
	if len(open) > image.MaxOpen {
		return fmt.Sprintf("it has %d descriptors", len(open)), nil
	}
	return "", nil
}

// Why tells of each object why it seems not to be the process's alone, or cannot travel; empty:
// it can, as far as can be seen of a process that runs.
func Why(fs procfs.FS, pid int, objects []Object) ([]string, error) {
	why := make([]string, len(objects))
	others, err := Mappers(fs, pid, objects, false)
	if err != nil {
		return nil, err
	}
	var passed []Object // by descriptors, perhaps
	var at []int
	for i := range objects {
		o := &objects[i]
		if others[i] != 0 {
			why[i] = fmt.Sprintf("process %d has it, too", others[i])
			continue
		}
		open, err := Descriptors(fs, pid, o)
		if err == nil {
			why[i], err = OpenHindrance(pid, open)
		}
		if err == nil && why[i] == "" {
			why[i], err = Hindrance(fs, pid, o)
		}
		if err == nil && why[i] == "" && (o.Memfd() || len(open) > 0) {
			passed, at = append(passed, *o), append(at, i)
		}
		if why[i], err = unseen(why[i], err); err != nil {
			return nil, err
		}
	}
	if len(passed) == 0 {
		return why, nil
	}
	held, _, err := Holders(fs, pid, passed)
	text, err := unseen("", err)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		if why[i] = text; text == "" {
			why[i] = held[n]
		}
	}
	return why, nil
}

// unseen puts into words that something could not be looked at.
func unseen(why string, err error) (string, error) {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "it has just gone", nil // and will not be seen the next time
	case errors.Is(err, os.ErrPermission): // which the root of a container has not
		return "who else has it cannot be seen here", nil
	}
	return why, err
}

// Of lists what the shared mappings show that can be written, each object once; at says for each
// of these mappings, by its start, which of them it shows.
func Of(mappings []procfs.Region) (objects []Object, at map[uint64]int) {
	at = map[uint64]int{}
	seen := map[key]int{}
	for i := range mappings {
		m := &mappings[i]
		if !m.Shared || m.Ino == 0 || !m.VMFlags.HasAny("wr", "mw") {
			continue
		}
		k := key{m.Dev, m.Ino}
		n, known := seen[k]
		if !known {
			n = len(objects)
			seen[k] = n
			objects = append(objects, Object{Range: m.Range, Dev: m.Dev, Ino: m.Ino, Name: m.Name})
		}
		at[m.Start] = n
	}
	return objects, at
}
