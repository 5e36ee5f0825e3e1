package deputy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/inotify"
	"openmosix/internal/model/names"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// naming tells the guests' sides what they may answer of names by themselves.
//
// What makes it safe: before a fact is told, every directory on the way to the
// name is watched, and after that it is looked whether the fact still holds. The
// kernel queues an event before the call that changes a name returns. Before
// anything is sent to a guest's side, the queue is emptied, and what it says goes
// first. So whatever a process away can hear of a change (by a call's result, a
// signal, data) reaches it after its facts have been put right. And at once
// without that, for programs that look again and again.
//
// Only names that this supervisor and the process see alike are told: the same
// mounts and root, and the same rights for all processes that share the facts.
// Not on file systems that others change, nor where letter case does not matter.
//
// Lock order: mu is inside all of the supervisor's other locks. Nothing that
// waits for a file system is done under it.
type naming struct {
	s      *Supervisor
	active atomic.Bool // a fact has been told
	asked  chan learning
	w      *inotify.Watcher
	failed bool // the learner's own: there can be no watching

	mu    sync.Mutex
	links []*link // by which facts go out
	view  view    // whose facts these are
	told  names.Table
	dirs  map[string]int32              // watched directories
	paths map[int32]map[string]struct{} // by the watch's number
	// examined is the name that the learner looks at, and disturbed that something has happened to it
	// since: whoever empties the queue meanwhile finds no fact of it to take back.
	examined  string
	disturbed bool

	readables readables
}

// view is what decides which names a process sees, and whether it may look.
type view struct {
	mounts string
	rights string
}

// learning is a call that has shown something.
type learning struct {
	d      *deputy
	link   *link
	serial uint64
	path   string
	fact   names.Fact
	opened bool      // not a fact, but that a file could be opened to be read: readable.go
	began  time.Time // the call
}

// maxLearning bounds what waits to be learnt; more is not learnt.
const maxLearning = 256

func newNaming(s *Supervisor) *naming {
	return &naming{s: s, asked: make(chan learning, maxLearning), dirs: make(map[string]int32), paths: make(map[int32]map[string]struct{}),
		readables: readables{files: make(map[string]*readableFile), watches: make(map[int32]*readableFile)}}
}

// viewOf describes a process that is about to leave; nil: it has names of its own.
func (s *Supervisor) viewOf(pid int) *view {
	v := view{mounts: s.linkOf(pid, "ns/mnt")}
	if v.mounts == "" || v.mounts != s.linkOf(unix.Getpid(), "ns/mnt") {
		return nil
	}
	var its, ours unix.Stat_t
	if unix.Stat(s.fam.FS.Path(pid, "root"), &its) != nil || unix.Stat("/", &ours) != nil || its.Dev != ours.Dev || its.Ino != ours.Ino {
		return nil
	}
	status, err := s.fam.FS.Status(pid)
	if err != nil {
		return nil
	}
	label, _ := os.ReadFile(s.fam.FS.Path(pid, "attr/current")) // what a security module goes by
	v.rights = fmt.Sprint(status.Uid, status.Gid, status.Groups, status.CapEff, string(label))
	return &v
}

func (s *Supervisor) linkOf(pid int, name string) string {
	to, err := os.Readlink(s.fam.FS.Path(pid, name))
	if err != nil {
		return ""
	}
	return to
}

// joins tells whether a process shares the facts. The first one decides.
func (n *naming) joins(v *view) bool {
	if v == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.view == (view{}) {
		n.view = *v
		go n.learn()
	}
	return n.view == *v
}

// listens notes that facts may go out by a link, or not any more.
func (n *naming) listens(l *link, does bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links = slices.DeleteFunc(n.links, func(k *link) bool { return k == l })
	if does {
		n.links = append(n.links, l)
	}
}

// shown notes what the result of a call shows. It does not wait.
func (n *naming) shown(j job, d *deputy, serial uint64, began time.Time, c *syscalls.Call, ret int64) {
	if !d.p.sharesNames.Load() {
		return
	}
	if ret >= 0 && names.ChangesView(c.Nr) {
		d.p.sharesNames.Store(false)
		return
	}
	q, asks := names.Asks(c.Nr, c.Args)
	fact := q.Learnt(ret)
	_, reads := names.OpensToRead(c.Nr, c.Args)
	opened := reads && ret >= 0
	if !asks || fact == names.Unknown && !opened {
		return
	}
	for i := range c.Segs {
		if in := c.Segs[i].In; c.Segs[i].Arg == q.Path {
			path, _, _ := bytes.Cut(in, []byte{0})
			select {
			case n.asked <- learning{d: d, link: j.link, serial: serial, path: string(path), fact: fact, opened: opened, began: began}:
			default:
			}
			return
		}
	}
}

// learn makes facts of what calls have shown, until the supervisor ends.
func (n *naming) learn() {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	away := time.Now()
	for {
		select {
		case <-n.s.done:
			return
		case now := <-ticks.C:
			if n.s.anyAway() {
				away = now
			}
			n.tidy(now, now.Sub(away) > idleFor)
		case l := <-n.asked:
			if n.failed {
				continue
			}
			if n.w == nil && !n.start() {
				continue
			}
			if err := n.learnOne(l); err != nil {
				n.s.log.Debug("nothing learnt", "path", l.path, "error", err)
			}
		}
	}
}

func (n *naming) start() bool {
	w, err := inotify.New()
	if err != nil {
		n.failed = true
		n.s.log.Info("what is known of names is not kept", "error", err)
		return false
	}
	n.mu.Lock()
	n.w = w
	n.mu.Unlock()
	go n.follow(w)
	return true
}

// followTime is how long changes are gathered: compilers at home open what those
// away are told of a thousand times a second.
const followTime = 2 * time.Millisecond

// follow passes changes on soon: a guest that only looks again and again
// hears of nothing else.
func (n *naming) follow(w *inotify.Watcher) {
	defer w.Close()
	for {
		w.Wait()
		select {
		case <-n.s.done:
			return
		case <-time.After(followTime):
			n.settle()
		}
	}
}

var errNotTold = errors.New("it is not a name that is told")

func (n *naming) learnOne(l learning) error {
	directory := ""
	if l.path == "" || l.path[0] != '/' {
		directory = n.s.linkOf(l.d.p.PID, "cwd")
	}
	var passed []string // directories that the path leaves again by ".."
	path := names.Resolve(directory, l.path, func(on string) bool {
		passed = append(passed, on)
		return holds(on, names.Directory) == nil
	})
	if path == "" {
		return errNotTold
	}
	for _, on := range passed {
		if err := n.tell(l, on, names.Directory, ""); err != nil {
			return err
		}
	}
	if l.opened {
		return n.readable(l, path, directory)
	}
	return n.tell(l, path, l.fact, directory)
}

// tell tells a fact of a clean path, and with it the working directory of the
// process if the call's path began there.
func (n *naming) tell(l learning, path string, fact names.Fact, directory string) error {
	path, fact, err := n.watch(path, fact)
	if err != nil {
		return err
	}
	if directory != "" && n.s.linkOf(l.d.p.PID, "cwd") != directory {
		return errNotTold
	}
	if err := n.examine(path, fact); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.drain(); n.disturbed {
		return fmt.Errorf("%s has changed meanwhile", path)
	}
	for _, on := range names.Parents(path) {
		if _, watched := n.dirs[on]; !watched {
			return fmt.Errorf("%s has changed meanwhile", on)
		}
	}
	if n.told.Len() >= names.MaxFacts {
		n.drop("/", true)
		return errNotTold
	}
	n.told.Learn(path, fact)
	n.active.Store(true)
	return l.link.conn.Post(wire.Known, uint64(uint32(l.d.t.Own)), wire.Encode(wire.KnownMsg{Serial: l.serial, Path: path, Fact: uint8(fact), Directory: directory}))
}

// examine looks whether a fact is true; disturbed tells from then on whether it may have ceased to be.
// Precondition: the directories on the way are watched.
func (n *naming) examine(path string, fact names.Fact) error {
	n.mu.Lock()
	n.examined, n.disturbed = path, false
	n.mu.Unlock()
	return holds(path, fact)
}

// holds looks whether a fact is true now.
func holds(path string, fact names.Fact) error {
	var st unix.Stat_t
	err := unix.Lstat(path, &st)
	switch {
	case fact == names.Absent && errors.Is(err, unix.ENOENT):
		return nil
	case fact == names.Directory && err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR:
		return nil
	case fact == names.NotLink && err == nil && st.Mode&unix.S_IFMT != unix.S_IFLNK:
		return nil
	}
	return errNotTold
}

// settle sends what has changed. It is called before anything else is sent.
func (n *naming) settle() {
	if !n.active.Load() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drain()
}

// drain precondition: mu is held.
func (n *naming) drain() {
	events, mounts := n.w.Changed()
	if mounts {
		n.dirs, n.paths = make(map[string]int32), make(map[int32]map[string]struct{})
		n.drop("/", true)
	}
	if !events {
		return
	}
	all, err := n.w.Read()
	if err != nil {
		n.dirs, n.paths = make(map[string]int32), make(map[int32]map[string]struct{})
		n.drop("/", true)
		return
	}
	opened := map[int32]bool{} // watches of files; false: and more
	for _, e := range all {
		if n.readables.watches[e.Watch] != nil {
			only, seen := opened[e.Watch]
			opened[e.Watch] = e.Opened && (only || !seen)
			continue
		}
		for directory := range n.paths[e.Watch] {
			n.changed(directory, e)
		}
	}
	for watch, only := range opened {
		n.happened(watch, only)
	}
}

// changed precondition: mu is held.
func (n *naming) changed(directory string, e inotify.Event) {
	path := directory
	if e.Name != "" {
		path = names.Resolve(directory, e.Name, func(string) bool { return false })
	}
	if path == "" {
		return // no fact has such a name
	}
	if names.Below(n.examined, path) {
		n.disturbed = true
	}
	_, watched := n.dirs[path]
	if !watched && !n.told.Has(path) && n.readables.files[path] == nil {
		return
	}
	n.drop(path, watched)
	if !watched {
		return
	}
	for d, wd := range n.dirs {
		if names.Below(d, path) {
			delete(n.dirs, d)
			delete(n.paths[wd], d)
		}
	}
}

// drop takes facts back. Precondition: mu is held.
func (n *naming) drop(path string, directory bool) {
	n.told.Forget(path, directory)
	n.readables.leave(n.w, path, directory)
	m := wire.Encode(wire.ForgetMsg{Path: path, Directory: directory})
	for _, l := range n.links {
		_ = l.conn.Post(wire.Forget, 0, m)
	}
}
