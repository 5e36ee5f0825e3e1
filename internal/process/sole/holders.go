package sole

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/linux/kcmp"
	"openmosix/internal/linux/procfs"

	"golang.org/x/sys/unix"
)

// A search looks through processes for those that have, or may have, what one process has. What a
// descriptor shows goes from a socket to a descriptor, and from there to a mapping: so all are looked
// at for the first before any is for the second, and for that before any is for the third.
// Who passes it on at that very moment to one that has been looked at is not found; so moves
// look twice, before the process stands still and then.
type search struct {
	fs   procfs.FS
	pid  int
	seen []int // processes that have been listed
	// look is what is done to all processes before the next one is done to any.
	look []func(pid, face int) error
	kin  bool // only those that may have anonymous memory of the process
	all  bool // not to be allowed to look at one is an error; else it is passed over
	self *procfs.Stat
}

// maxListings bounds how often it is looked which processes have come.
const maxListings = 20

// run looks at all processes, the one in question as well, and at those that have been made
// meanwhile: whoever made them may be gone.
func (s *search) run() error {
	var err error
	if s.self, err = s.fs.Stat(s.pid); err != nil {
		return err
	}
	for range maxListings {
		pids, err := s.fs.Pids()
		if err != nil {
			return fmt.Errorf("list processes: %w", err)
		}
		pids = slices.DeleteFunc(pids, func(pid int) bool { _, known := slices.BinarySearch(s.seen, pid); return known })
		if len(pids) == 0 {
			return nil
		}
		for _, look := range s.look {
			if err := s.each(pids, look); err != nil {
				return err
			}
		}
		s.seen = append(s.seen, pids...)
		slices.Sort(s.seen)
	}
	return errors.New("look who else has the memory: other processes are made too fast")
}

func (s *search) each(pids []int, look func(pid, face int) error) error {
	for _, pid := range pids {
		if s.kin {
			if st, err := s.fs.Stat(pid); err != nil || (s.self.Flags|st.Flags)&procfs.FlagForked == 0 {
				continue
			}
		}
		for _, face := range s.faces(pid) {
			err := look(pid, face)
			if errors.Is(err, procfs.ErrGone) || !s.all && errors.Is(err, os.ErrPermission) {
				continue
			} else if err != nil {
				return fmt.Errorf("look who else has the memory: process %d: %w", pid, err)
			}
		}
	}
	return nil
}

// faces are the threads by which all of a process is seen: the first one, and those that have
// descriptors of their own. One that has ended before the others shows nothing.
func (s *search) faces(pid int) []int {
	tids, err := s.fs.Threads(pid)
	if err != nil {
		return []int{pid} // gone, or it will be told
	}
	return apart(pid, tids, kcmp.SameFiles)
}

// apart are of a process's threads the first one, and each that has the same as none before it. One that is just ending has
// nothing, and the next one is no other for that.
func apart(pid int, tids []int, same func(a, b int) (bool, error)) []int {
	faces := []int{pid}
	for _, tid := range tids {
		if tid != pid && !slices.ContainsFunc(faces, func(face int) bool { is, err := same(face, tid); return err == nil && is }) {
			faces = append(faces, tid)
		}
	}
	return faces
}

// mappers finds what others have mapped; found is told of it.
func mappers(fs procfs.FS, pid int, objects []Object, found func(at, other int)) func(pid, face int) error {
	wanted := make(map[key]int, len(objects))
	for i := range objects {
		wanted[objects[i].key()] = i
	}
	return func(other, face int) error {
		if other == pid {
			return nil
		}
		maps, err := fs.Maps(face)
		if err != nil {
			return err
		}
		for i := range maps {
			if at, ok := wanted[key{maps[i].Dev, maps[i].Ino}]; ok {
				found(at, other)
			}
		}
		return nil
	}
}

// openers finds who has a descriptor of what a process has, or may have one of what has a descriptor.
type openers struct {
	search
	its    []unix.Stat_t // of each object, as its descriptors show it
	plain  bool          // some are files, and not memory
	found  func(at, other int, why string)
	passes func(at int, why string) // tells of what is on its way; nil: found does
	rings  map[int]bool             // processes with io_uring
	face   int                      // the thread whose descriptors are being looked at
	waits  bool                     // somebody has yet to receive descriptors, and may do so in a moment
}

func newOpeners(fs procfs.FS, pid int, objects []Object, found func(at, other int, why string)) (*openers, error) {
	o := &openers{search: search{fs: fs, pid: pid}, found: found, rings: map[int]bool{}}
	for i := range objects {
		its, _, err := objects[i].Look(fs, pid)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", objects[i].Name, err)
		}
		o.its = append(o.its, its)
		o.plain = o.plain || !strings.HasPrefix(objects[i].Name, memfdPrefix)
	}
	return o, nil
}

// memfdPrefix begins the names of memory that has, or had, a descriptor. Nothing renames it.
const memfdPrefix = "/memfd:"

// descriptors looks at the descriptors of a process, or of a thread that has its own.
func (o *openers) descriptors(pid, face int) error {
	if pid == os.Getpid() || face == o.pid { // its own are another matter
		return nil
	}
	return o.eachLink(face, func(path, target string) error {
		switch {
		case strings.HasPrefix(target, memfdPrefix), o.plain && strings.HasPrefix(target, "/"):
			return o.descriptor(pid, path)
		}
		return nil
	})
}

func (o *openers) descriptor(pid int, path string) error {
	// Who serves the file system is not asked: he may not answer.
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_STATX_DONT_SYNC, unix.STATX_INO, &st); err != nil {
		return lost(err)
	}
	for i := range o.its {
		if st.Ino == o.its[i].Ino && unix.Mkdev(st.Dev_major, st.Dev_minor) == o.its[i].Dev {
			o.found(i, pid, fmt.Sprintf("process %d has it open", pid))
		}
	}
	return nil
}

// passing looks for descriptors that no process has: on their way through a socket, or registered with
// io_uring.
func (o *openers) passing(pid, face int) error {
	return o.eachLink(face, func(path, target string) error {
		socket := strings.HasPrefix(target, "socket:")
		if !socket && target != "anon_inode:[io_uring]" {
			return nil
		}
		info, err := os.ReadFile(strings.Replace(path, "/fd/", "/fdinfo/", 1))
		if err != nil {
			return lost(err)
		}
		if !socket {
			o.rings[pid] = true
		}
		why := ""
		switch {
		case socket && waiting(info) && !ours(o.fs, pid): // what we pass is our own
			why = fmt.Sprintf("process %d has yet to receive descriptors, and one may be of it", pid)
			o.waits = true
		case !socket && o.registered(info):
			why = fmt.Sprintf("process %d may have registered it with io_uring", pid)
		default:
			return nil
		}
		for i := range o.its {
			if o.passes != nil {
				o.passes(i, why)
			} else {
				o.found(i, pid, why)
			}
		}
		return nil
	})
}

// ours tells whether a process runs this very binary.
func ours(fs procfs.FS, pid int) bool {
	own, err := os.Stat("/proc/self/exe")
	if err != nil {
		return false
	}
	its, err := os.Stat(fs.Path(pid, "exe"))
	return err == nil && os.SameFile(own, its)
}

// waiting tells by what proc says of a socket whether descriptors wait in it, or in one that is still to be
// accepted. Of a socket on its way through another one that other one tells.
func waiting(info []byte) bool {
	_, rest, found := bytes.Cut(info, []byte("scm_fds:"))
	if !found {
		return false
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(rest[:bytes.IndexByte(append(rest, '\n'), '\n')])))
	return err != nil || n > 0
}

// registered tells by what proc says of a ring whether a file in question may be registered with it: it
// says nothing of a ring that is just being used.
func (o *openers) registered(info []byte) bool {
	_, rest, found := bytes.Cut(info, []byte("UserFiles:"))
	if !found {
		return true
	}
	list, _, _ := bytes.Cut(rest, []byte("UserBufs:"))
	if o.plain {
		return bytes.Contains(list, []byte{'/'})
	}
	return bytes.Contains(list, []byte(memfdPrefix))
}

// eachLink calls do for each descriptor, with its link and where that leads.
func (o *openers) eachLink(pid int, do func(path, target string) error) error {
	dir, err := os.Open(o.fs.Path(pid, "fd"))
	if err != nil {
		return lost(err)
	}
	names, err := dir.Readdirnames(-1)
	_ = dir.Close()
	if err != nil {
		return lost(err)
	}
	for _, name := range names {
		path := o.fs.Path(pid, "fd/"+name)
		target, err := os.Readlink(path)
		if err == nil {
			err = do(path, target)
		}
		if err = lost(err); err != nil && !errors.Is(err, procfs.ErrGone) {
			return err
		}
	}
	return nil
}

// lost is an error of something that may have gone meanwhile.
func lost(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return procfs.ErrGone
	}
	return err
}
