package naming

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"sync"
	"time"

	"openmosix/internal/linux/filestat"
	"openmosix/internal/linux/lease"
	"openmosix/internal/model/names"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// stated are the files and directories whose state guests' sides are told: interpreters ask for that of each directory in
// which they look for modules, and of each module, again and again. It is told of what is asked for a second time, and holds
// as long as the name leads there (naming) and nothing happens to it:
//
//	a directory   it is watched as those on the way are. What changes it (a name that comes or goes, its rights, its times) is
//	              an event of its own; reading it must leave no trace in its time of access
//	a file        it is watched, and whatever happens to it ends that, also that it is opened: who reads it, writes to it or maps it
//	              has to. Nobody may have it open to write when it is told
//
// Guarded by Naming.mu, and told by its learner only.
type stated struct {
	directories map[string]time.Time // until when it may be told
	files       map[string]int32     // the watches
	watches     map[int32]string
	ended       map[string]ending
}

// ending tells how often something has happened to what was told, and how many questions pass before it is told again: what
// changes all the time is not worth it.
type ending struct{ times, skips int }

func newStated() stated {
	return stated{directories: map[string]time.Time{}, files: map[string]int32{}, watches: map[int32]string{}, ended: map[string]ending{}}
}

// Bounds of what is remembered and told.
const (
	maxAsked  = 1 << 13
	maxEnded  = 1 << 12
	maxStated = 1 << 11
	mostSkips = 128
)

// once is of which names the state was asked for, by sums of them as they were given. It is looked at by who has just
// answered the question: most names are asked for once, and are not worth to wake the learner up.
type once struct {
	mu   sync.Mutex
	seed maphash.Seed
	seen map[uint64]struct{}
}

func newOnce() once { return once{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}} }

// again tells whether it has been told of the name before.
func (o *once) again(path []byte) bool {
	sum := maphash.Bytes(o.seed, path)
	o.mu.Lock()
	defer o.mu.Unlock()
	_, seen := o.seen[sum]
	if len(o.seen) >= maxAsked {
		clear(o.seen)
	}
	o.seen[sum] = struct{}{}
	return seen
}

// state learns that a call has asked for the state of a name, not for the first time.
func (n *Naming) state(l Shown, path, directory string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err
	}
	n.mu.Lock()
	s := &n.stated
	pass := len(s.files)+len(s.directories) >= maxStated || n.readables.files[path] != nil // of that its contents tell
	if e := s.ended[path]; e.skips > 0 {
		e.skips--
		s.ended[path], pass = e, true
	}
	n.mu.Unlock()
	if pass || time.Since(time.Unix(st.Ctim.Unix())) < settledFor {
		return nil
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return n.stateOfDirectory(l, path, directory)
	case unix.S_IFREG:
		return n.stateOfFile(l, path, directory)
	}
	return nil
}

// stateOfDirectory tells that of a directory.
func (n *Naming) stateOfDirectory(l Shown, path, directory string) error {
	if err := n.watchAll(path); err != nil {
		return err
	}
	n.mu.Lock()
	n.examined, n.disturbed = path, false
	n.mu.Unlock()
	var st unix.Stat_t
	var fs unix.Statfs_t
	if err := errors.Join(unix.Lstat(path, &st), unix.Statfs(path, &fs)); err != nil {
		return err
	}
	until, ok := traceless(&st, &fs, time.Now())
	if !ok {
		return errNotTold
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drain()
	if _, watched := n.dirs[path]; n.disturbed || !watched {
		return fmt.Errorf("%s has changed meanwhile", path)
	}
	n.stated.directories[path] = until
	return n.tellState(l, path, names.Directory, directory, &st)
}

// stateOfFile tells that of a regular file.
func (n *Naming) stateOfFile(l Shown, path, directory string) error {
	if _, _, err := n.watch(path, names.NotLink); err != nil {
		return err
	}
	if told, err := n.stillTold(l, path, directory); told {
		return err
	}
	file, err := openRegular(path)
	if err != nil {
		return err
	}
	defer file.Close()
	watch, err := n.w.WatchAll(file)
	if err != nil {
		return err
	}
	n.mu.Lock()
	other := n.readables.watches[watch] != nil || n.stated.watches[watch] != "" && n.stated.watches[watch] != path
	if !other {
		n.stated.files[path], n.stated.watches[watch] = watch, path
	}
	n.mu.Unlock()
	if other {
		return errNotTold // it is watched by another name
	}
	var st, named unix.Stat_t
	unwritten, err := lease.Unwritten(file)
	err = errors.Join(err, unix.Fstat(int(file.Fd()), &st), unix.Lstat(path, &named))
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drain()
	switch {
	case n.stated.watches[watch] != path:
		return fmt.Errorf("%s has changed meanwhile", path)
	case err != nil || !unwritten || !bytes.Equal(filestat.Bytes(&st), filestat.Bytes(&named)):
		n.stated.leave(n.w, path, false)
		return errors.Join(errNotTold, err)
	}
	return n.tellState(l, path, names.NotLink, directory, &st)
}

// stillTold tells the state of a file that is watched for it, and to which nothing has happened: by another side, or as it was asked for
// several times before it was told. To open it would be what ends that.
func (n *Naming) stillTold(l Shown, path, directory string) (told bool, err error) {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return false, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drain()
	if _, watched := n.stated.files[path]; !watched {
		return false, nil
	}
	return true, n.tellState(l, path, names.NotLink, directory, &st)
}

// openRegular opens a file of which only the state is told, and nothing that an open could have an effect on.
func openRegular(path string) (*os.File, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	place, err := unix.Openat2(unix.AT_FDCWD, path, &how)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", path, err)
	}
	defer func() { _ = unix.Close(place) }()
	var st unix.Stat_t
	var fs unix.Statfs_t
	if err := errors.Join(unix.Fstat(place, &st), unix.Fstatfs(place, &fs)); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || !filestat.Local(int64(fs.Type)) || fs.Type == unix.OVERLAYFS_SUPER_MAGIC {
		return nil, errNotTold
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", place), unix.O_RDONLY|unix.O_NOATIME|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// tellState precondition: mu is held, and the queue has just been emptied.
func (n *Naming) tellState(l Shown, path string, fact names.Fact, directory string, st *unix.Stat_t) error {
	if directory != "" {
		if _, watched := n.dirs[directory]; !watched || n.fs.Link(l.PID, "cwd") != directory {
			directory = "" // of that nothing is told with it
		}
	}
	return n.post(l, wire.KnownMsg{Serial: l.Serial, Path: path, Fact: uint8(fact), Directory: directory, Stat: filestat.Bytes(st)})
}

// leave drops what is known of a name, and of all below it if it may be a directory. Precondition: mu is held.
func (s *stated) leave(w leaver, top string, directory bool) {
	s.ends(top)
	names.Forget(s.directories, top, directory)
	s.forget(w, top)
	if !directory {
		return
	}
	for path := range s.files {
		if names.Below(path, top) {
			s.forget(w, path)
		}
	}
}

// ends notes that something has happened to what was told.
func (s *stated) ends(path string) {
	_, file := s.files[path]
	if _, directory := s.directories[path]; !file && !directory {
		return
	}
	e := s.ended[path]
	if len(s.ended) >= maxEnded {
		clear(s.ended)
	}
	e.times++
	e.skips = min(1<<min(e.times, 10)-2, mostSkips) // the first time is none
	s.ended[path] = e
}

func (s *stated) forget(w leaver, path string) {
	if watch, known := s.files[path]; known {
		delete(s.files, path)
		delete(s.watches, watch)
		w.Leave(watch)
	}
}

// tidies gives the directories whose state must not be told for longer. Precondition: mu is held.
func (s *stated) tidies(now time.Time) (over []string) {
	for path, until := range s.directories {
		if now.After(until) {
			over = append(over, path)
		}
	}
	return over
}
