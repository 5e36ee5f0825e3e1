// Package naming tells the guests' sides what they may answer of names by themselves.
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
// Lock order: Naming.mu is inside all locks of who uses it. Nothing that waits for
// a file system is done under it.
package naming

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/inotify"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/names"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// Side is where a guest's side is told something; it does not wait. It is compared.
type Side interface {
	Post(kind uint8, id uint64, parts ...[]byte) error
}

// Naming is what is known and told.
type Naming struct {
	fs      procfs.FS
	own     func() (*supervisor, error) // what binds this one
	log     *slog.Logger
	anyAway func() bool // a process is on another node
	over    <-chan struct{}
	active  atomic.Bool // a fact has been told
	asked   chan Shown
	w       *inotify.Watcher
	failed  bool // the learner's own: there can be no watching

	mu    sync.Mutex
	sides []Side // to which facts go out
	view  View   // whose facts these are
	told  names.Table
	dirs  map[string]int32              // watched directories
	paths map[int32]map[string]struct{} // by the watch's number
	// examined is the name that the learner looks at, and disturbed that something has happened to it
	// since: whoever empties the queue meanwhile finds no fact of it to take back.
	examined  string
	disturbed bool

	readables readables
	stated    stated
	once      once
}

// View is what decides which names a process sees, and whether it may look.
type View struct {
	mounts string
	rights string
}

// New knows nothing yet. anyAway tells whether a process of the family is on another node; when over
// is closed it ends.
func New(fs procfs.FS, anyAway func() bool, over <-chan struct{}) *Naming {
	return &Naming{fs: fs, own: sync.OnceValues(func() (*supervisor, error) { return own(fs) }), anyAway: anyAway, over: over, asked: make(chan Shown, maxLearning), dirs: make(map[string]int32), paths: make(map[int32]map[string]struct{}),
		readables: readables{files: make(map[string]*readableFile), watches: make(map[int32]*readableFile)}, stated: newStated(), once: newOnce()}
}

// Joins tells whether a process shares the facts. The first one decides. What is worth a line is said to log.
func (n *Naming) Joins(v *View, log *slog.Logger) bool {
	if v == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.view == (View{}) {
		n.view, n.log = *v, log
		go n.learn()
	}
	return n.view == *v
}

// Listens notes that facts may go out to a side, or not any more.
func (n *Naming) Listens(s Side, does bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sides = slices.DeleteFunc(n.sides, func(k Side) bool { return k == s })
	if does {
		n.sides = append(n.sides, s)
	}
}

// learn makes facts of what calls have shown, until the supervisor ends.
func (n *Naming) learn() {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	away := time.Now()
	for {
		select {
		case <-n.over:
			return
		case now := <-ticks.C:
			if n.anyAway() {
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
				n.log.Debug("nothing learnt", "path", l.path, "error", err)
			}
		}
	}
}

func (n *Naming) start() bool {
	w, err := inotify.New()
	if err != nil {
		n.failed = true
		n.log.Info("what is known of names is not kept", "error", err)
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
func (n *Naming) follow(w *inotify.Watcher) {
	defer w.Close()
	for {
		w.Wait()
		select {
		case <-n.over:
			return
		case <-time.After(followTime):
			n.Settle()
		}
	}
}

var errNotTold = errors.New("it is not a name that is told")

func (n *Naming) learnOne(l Shown) error {
	directory := ""
	if l.path == "" || l.path[0] != '/' {
		directory = n.fs.Link(l.PID, "cwd")
		if err := n.watchAll(directory); err != nil { // nothing of the path may be in it: "../name"
			return err
		}
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
	switch {
	case l.opened:
		return n.readable(l, path, directory)
	case l.stated:
		return n.state(l, path, directory)
	}
	return n.tell(l, path, l.fact, directory)
}

// tell tells a fact of a clean path, and with it the working directory of the
// process if the call's path began there.
func (n *Naming) tell(l Shown, path string, fact names.Fact, directory string) error {
	path, fact, err := n.watch(path, fact)
	if err != nil {
		return err
	}
	if directory != "" && n.fs.Link(l.PID, "cwd") != directory {
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
	for _, on := range append(names.Parents(path), directory) {
		if _, watched := n.dirs[on]; !watched && on != "" {
			return fmt.Errorf("%s has changed meanwhile", on)
		}
	}
	return n.post(l, wire.KnownMsg{Serial: l.Serial, Path: path, Fact: uint8(fact), Directory: directory})
}

// post tells what holds at this moment. Precondition: mu is held, and the queue has just been emptied.
func (n *Naming) post(l Shown, m wire.KnownMsg) error {
	if n.told.Len() >= names.MaxFacts {
		n.drop("/", true)
		return errNotTold
	}
	n.told.Learn(m.Path, names.Fact(m.Fact))
	n.active.Store(true)
	return l.Side.Post(wire.Known, uint64(uint32(l.Own)), wire.Encode(m))
}

// examine looks whether a fact is true; disturbed tells from then on whether it may have ceased to be.
// Precondition: the directories on the way are watched.
func (n *Naming) examine(path string, fact names.Fact) error {
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

// Settle sends what has changed. It is called before anything else is sent.
func (n *Naming) Settle() {
	if !n.active.Load() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drain()
}

// drain precondition: mu is held.
func (n *Naming) drain() {
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
		if path := n.stated.watches[e.Watch]; path != "" {
			n.drop(path, false)
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
func (n *Naming) changed(directory string, e inotify.Event) {
	path := directory
	if e.Name != "" {
		path = names.Resolve(directory, e.Name, func(string) bool { return false })
	}
	if directory == n.examined {
		n.disturbed = true
	}
	if _, told := n.stated.directories[directory]; told { // its state is another one
		n.drop(directory, false)
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
func (n *Naming) drop(path string, directory bool) {
	n.told.Forget(path, directory)
	n.readables.leave(n.w, path, directory)
	n.stated.leave(n.w, path, directory)
	m := wire.Encode(wire.ForgetMsg{Path: path, Directory: directory})
	for _, s := range n.sides {
		_ = s.Post(wire.Forget, 0, m)
	}
}
