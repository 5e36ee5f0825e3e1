package naming

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"openmosix/internal/linux/filestat"
	"openmosix/internal/linux/lease"
	"openmosix/internal/model/names"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// readables are the files of which guests' sides are told what opening and reading
// them gives. It holds as long as the name leads there (naming), nobody changes the
// file or could (inotify, and a lease where somebody has opened it), and reading
// leaves no trace in its time of access.
//
// A file becomes one in two steps: when a process has opened it, it is watched;
// when another call, begun after that, has opened it as well, it is told. So it was
// seen to be opened with the rights and rules that these processes have, at a moment
// from which on nothing has changed. Guarded by naming.mu, and told by its learner only.
type readables struct {
	files   map[string]*readableFile
	watches map[int32]*readableFile
	left    []*readableFile // not told any more; kept open for who had opened it elsewhere
	bytes   int64           // of all contents
}

// readableFile is one of them, open to read.
type readableFile struct {
	path   string
	file   *os.File
	watch  int32
	since  time.Time // it has been watched
	stat   unix.Stat_t
	links  map[Side]bool // who was told
	opened int           // how often by others, before anybody was told
	until  time.Time     // by when it is no longer told; of one that is left: until when it is open
}

// Bounds of what is told, and times.
const (
	maxReadables     = 1024
	maxReadableBytes = 16 << 20
	// settledFor is how long a file must not have changed: its blocks may still be on
	// their way, and who has just made it may go on.
	settledFor = 2 * time.Second
	// unread is for how long after it was read a file's time of access stays when it is
	// read again, on file systems mounted relatime: a day, less what a change of mind may take to arrive.
	unread = 24*time.Hour - time.Minute
	// leftFor is how long a file is kept open that may still be opened by what was told.
	leftFor = time.Minute
	// idleFor is after what time without any process away all files are closed: their
	// file systems could not be unmounted.
	idleFor = 3 * time.Second
)

// readable learns that a call has opened a file.
func (n *Naming) readable(l Shown, path, directory string) error {
	n.mu.Lock()
	n.drain()
	f := n.readables.files[path]
	n.mu.Unlock()
	if f == nil {
		return n.observe(l, path)
	}
	if !l.Began.After(f.since) || f.links[l.Side] {
		return nil
	}
	return n.tellReadable(l, f, directory)
}

// observe begins to watch a file.
func (n *Naming) observe(l Shown, path string) error {
	if _, _, err := n.watch(path, names.NotLink); err != nil {
		return err
	}
	n.mu.Lock()
	if _, told := n.stated.files[path]; told {
		n.drop(path, false) // a file is watched for one thing at a time
	}
	n.mu.Unlock()
	f, err := openReadable(path)
	if err != nil {
		return err
	}
	if f.watch, err = n.w.WatchFile(f.file); err != nil {
		f.file.Close()
		return err
	}
	f.since = time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	r := &n.readables
	if other := r.watches[f.watch]; other != nil || n.stated.watches[f.watch] != "" || len(r.files) >= maxReadables || r.bytes+f.stat.Size > maxReadableBytes {
		f.file.Close() // the other one is the same file by another name
		return errNotTold
	}
	r.files[path], r.watches[f.watch] = f, f
	r.bytes += f.stat.Size
	return nil
}

// openReadable opens a file that may be told of.
func openReadable(path string) (*readableFile, error) {
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_NOATIME | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &how)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	f := &readableFile{path: path, file: os.NewFile(uintptr(fd), path), links: make(map[Side]bool)}
	if err := f.look(); err != nil {
		f.file.Close()
		return nil, err
	}
	return f, nil
}

// look takes the file's state, and tells why it is not one to be told of.
func (f *readableFile) look() error {
	var fs unix.Statfs_t
	fd := int(f.file.Fd())
	if err := errors.Join(unix.Fstat(fd, &f.stat), unix.Fstatfs(fd, &fs)); err != nil {
		return err
	}
	st := &f.stat
	now := time.Now()
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG, st.Nlink == 0, st.Size > wire.MaxReadable, !filestat.Local(int64(fs.Type)):
		return errNotTold
	case fs.Type == unix.OVERLAYFS_SUPER_MAGIC: // a mapping is one of the file below, of which a lease says nothing
		return errNotTold
	case now.Sub(time.Unix(st.Ctim.Unix())) < settledFor:
		return errNotTold
	}
	var ok bool
	if f.until, ok = traceless(st, &fs, now); !ok {
		return errNotTold
	}
	return nil
}

// traceless tells whether reading a file or directory leaves its time of access as it is, and until when it is to be relied on.
func traceless(st *unix.Stat_t, fs *unix.Statfs_t, now time.Time) (until time.Time, is bool) {
	switch {
	case fs.Flags&unix.ST_NOATIME != 0:
		return now.Add(unread), true
	case fs.Flags&unix.ST_RELATIME == 0:
		return time.Time{}, false
	}
	until = untraced(time.Unix(st.Atim.Unix()), time.Unix(st.Ctim.Unix()), time.Unix(st.Mtim.Unix()))
	return until, now.Before(until)
}

// untraced is until when reading leaves a file's time of access as it is, by the rule of relatime
// (mount(8)): it has been read since its last change, and less than a day ago. Zero: it does not.
func untraced(read, changed, modified time.Time) time.Time {
	if !read.After(changed) || !read.After(modified) {
		return time.Time{}
	}
	return read.Add(unread)
}

// tellReadable tells one of the guests' sides what a file gives.
func (n *Naming) tellReadable(l Shown, f *readableFile, directory string) error {
	n.mu.Lock()
	told, before := f.stat, f.opened
	n.mu.Unlock()
	if err := f.look(); err != nil || len(f.links) > 0 && f.stat != told {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.drop(f.path, false)
		return errors.Join(errNotTold, err)
	}
	contents := make([]byte, f.stat.Size+1)
	size, err := f.file.ReadAt(contents, 0)
	if int64(size) != f.stat.Size || err == nil {
		return errNotTold // it is changing
	}
	m := wire.Encode(wire.ReadableMsg{Path: f.path, Stat: filestat.Bytes(&f.stat), Contents: contents[:size]})
	if unwritten, err := lease.Unwritten(f.file); err != nil || !unwritten {
		return errors.Join(errNotTold, err)
	}
	if err := f.stillThere(); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drain()
	if n.readables.files[f.path] != f || f.opened != before {
		return errNotTold // something has happened since it was looked at
	}
	f.links[l.Side] = true
	n.active.Store(true)
	own := uint64(uint32(l.Own))
	if _, watched := n.dirs[directory]; watched && n.fs.Link(l.PID, "cwd") == directory {
		known := wire.KnownMsg{Serial: l.Serial, Path: f.path, Fact: uint8(names.NotLink), Directory: directory}
		n.told.Learn(f.path, names.NotLink)
		if err := l.Side.Post(wire.Known, own, wire.Encode(known)); err != nil {
			return err
		}
	}
	return l.Side.Post(wire.Readable, own, m)
}

// stillThere looks whether the name leads to the file, and it is as it was.
func (f *readableFile) stillThere() error {
	var named, now unix.Stat_t
	if err := errors.Join(unix.Lstat(f.path, &named), unix.Fstat(int(f.file.Fd()), &now)); err != nil {
		return err
	}
	if named.Dev != now.Dev || named.Ino != now.Ino || !bytes.Equal(filestat.Bytes(&now), filestat.Bytes(&f.stat)) {
		return errNotTold
	}
	return nil
}

// happened takes what was said of a watched file: that it was opened, or more.
// Precondition: mu is held.
func (n *Naming) happened(watch int32, onlyOpened bool) {
	f := n.readables.watches[watch]
	if f == nil {
		return
	}
	if onlyOpened {
		f.opened++
		if len(f.links) == 0 {
			return // whoever tells it looks
		}
		if unwritten, err := lease.Unwritten(f.file); err == nil && unwritten {
			return // by somebody who reads
		}
	}
	n.drop(f.path, false)
}

// leave drops files, which are told no more. Precondition: mu is held.
func (r *readables) leave(w leaver, top string, directory bool) {
	for path, f := range r.files {
		if path != top && !(directory && names.Below(path, top)) {
			continue
		}
		delete(r.files, path)
		delete(r.watches, f.watch)
		w.Leave(f.watch)
		r.bytes -= f.stat.Size
		f.until = time.Now().Add(leftFor)
		r.left = append(r.left, f)
	}
}

type leaver interface{ Leave(watch int32) }

// tidy drops what must not be told for longer, closes what nobody can ask for any
// more, and all if nobody has been away for a while.
func (n *Naming) tidy(now time.Time, idle bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := &n.readables
	for path, f := range r.files {
		if idle || now.After(f.until) {
			n.drop(path, false)
		}
	}
	for _, path := range n.stated.tidies(now) {
		n.drop(path, false)
	}
	kept := r.left[:0]
	for _, f := range r.left {
		if !idle && now.Before(f.until) {
			kept = append(kept, f)
			continue
		}
		f.file.Close()
	}
	clear(r.left[len(kept):])
	r.left = kept
}

// Open opens anew the file that was told by this path, whatever has become of
// the name; nil: it is not known any more.
func (n *Naming) Open(m *wire.OpenedMsg) *os.File {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.readables.left
	if f := n.readables.files[m.Path]; f != nil {
		all = append(all[:len(all):len(all)], f)
	}
	for _, f := range all {
		if f.path != m.Path || f.stat.Dev != m.Dev || f.stat.Ino != m.Inode {
			continue
		}
		file, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.file.Fd()), int(m.Flags&^unix.O_CLOEXEC), 0)
		if err == nil {
			return file
		}
	}
	return nil
}
