// Package reach has whoever comes to the shared memory of a family in another way than by a mapping that is
// served find all its pages at home.
//
// Such memory may have a name that somebody may open at any time, who would then have it mapped, or read it, without
// waiting for pages that are elsewhere. So it is watched who opens it: he waits until all its pages are at
// home, where they stay from then on; and so do, for that, all processes that share it. When one is to leave
// again it is looked anew who has it.
//
// And the family may have descriptors of it: calls.go.
//
// Where pages are is known elsewhere (Home). Lock order: Guards.mu is outside the locks of a Home.
package reach

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/openwatch"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

// Home is who knows where the pages of each object are. Pin and Unpin do not wait.
type Home interface {
	// Pin has all pages of an object come home, and stay until Unpin.
	Pin(k joint.Key)
	Unpin(k joint.Key)
	// Await returns when all of them are at home.
	Await(k joint.Key)
	// Bring has all processes come home that share an object: they wait for its pages elsewhere. It
	// returns when they are there, or cannot come.
	Bring(k joint.Key)
	// Known tells whether a process has an object mapped that is served.
	Known(k joint.Key) bool
}

// Guards are the objects of a family that others can come to have, by a name or a descriptor.
type Guards struct {
	home Home
	fs   procfs.FS
	log  func() *slog.Logger

	mu       sync.Mutex
	watch    *openwatch.Watch // nil: nothing is guarded yet
	all      map[joint.Key]*guard
	openings uint64 // of all, so far: of what is guarded anew none is as it was before

	shown atomic.Pointer[map[shows]joint.Key] // what is guarded
}

// guard is one of them.
type guard struct {
	file     *os.File
	dev, ino uint64 // as the file says, not as mappings do
	openings uint64 // differs after each, and after each call that had it go further
	pinned   bool   // its pages stay at home until it is looked anew who has it
	coming   int    // who is getting it at this moment: looking does not show him yet
	bringing bool   // its processes are on their way there
	holds    int    // calls by its descriptors that are being made: its pages stay at home, too
	late     []*time.Timer
}

// shows names memory that has, or could have, descriptors as stat(2) does.
type shows struct{ dev, ino uint64 }

// New guards nothing yet.
func New(home Home, fs procfs.FS, log func() *slog.Logger) *Guards {
	return &Guards{home: home, fs: fs, log: log, all: map[joint.Key]*guard{}}
}

// ErrUnwatched: it cannot be seen who opens an object.
var ErrUnwatched = errors.New("it shares memory that has a name")

// Guard watches who opens an object, if that is not done already. open gives its file, which is the guard's then.
func (g *Guards) Guard(k joint.Key, open func() (*os.File, error)) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all[k] != nil {
		return nil
	}
	if g.watch == nil {
		w, err := openwatch.New()
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnwatched, err)
		}
		g.watch = w
		go g.watches(w)
	}
	file, err := open()
	if err != nil {
		return err
	}
	one := &guard{file: file}
	var st unix.Stat_t
	if err = unix.Fstat(int(file.Fd()), &st); err == nil {
		one.dev, one.ino = st.Dev, st.Ino
		err = g.watch.Add(file)
	}
	if err != nil {
		_ = file.Close()
		return fmt.Errorf("%w: %w", ErrUnwatched, err)
	}
	g.all[k] = one
	g.opens(one)
	g.tellShown()
	return nil
}

// Only watches no longer what is not shared, or not any more, but for these.
func (g *Guards) Only(ready []sole.Object) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for k, one := range g.all {
		is := slices.ContainsFunc(ready, func(o sole.Object) bool { return o.Dev == k.Dev && o.Ino == k.Ino })
		if !g.home.Known(k) && !is && !one.bringing && one.coming == 0 {
			_ = g.watch.Remove(one.file)
			_ = one.file.Close()
			delete(g.all, k)
			g.home.Unpin(k)
		}
	}
	g.tellShown()
}

// tellShown: other things are guarded than before. mu is held.
func (g *Guards) tellShown() {
	all := make(map[shows]joint.Key, len(g.all))
	for k, one := range g.all {
		all[shows{one.dev, one.ino}] = k
	}
	g.shown.Store(&all)
}

func (g *Guards) watches(w *openwatch.Watch) {
	for {
		o, err := w.Next()
		if err != nil {
			g.log().Error("who opens shared memory is not seen any more", "error", err)
			return
		}
		if o.PID == os.Getpid() {
			o.Allow()
			continue
		}
		go g.opened(o)
	}
}

// opened has who opens shared memory find all of it.
func (g *Guards) opened(o openwatch.Opening) {
	k, is := (*g.shown.Load())[shows{o.Dev, o.Ino}]
	if !is {
		o.Allow()
		return
	}
	g.log().Debug("shared memory comes home: somebody opens it", "inode", o.Ino, "pid", o.PID)
	g.mu.Lock()
	one := g.all[k]
	if one != nil {
		one.coming++
		g.comesHome(k, one)
	}
	g.mu.Unlock()
	g.home.Await(k)
	o.Allow()
	if one == nil {
		return
	}
	for until := time.Now().Add(openLimit); time.Now().Before(until) && !g.Has(g.fs, o.PID); {
		nap.For(openPause)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	one.coming--
	g.opens(one)
}

const (
	// openLimit is how long who may open a file takes to have a descriptor of it, if he gets one. He may have closed it
	// already, and have it mapped.
	openLimit = 50 * time.Millisecond
	openPause = 200 * time.Microsecond
)

// opens notes that others have an object than before. mu is held.
func (g *Guards) opens(one *guard) {
	g.openings++
	one.openings = g.openings
}

// comesHome has all pages of an object, and all processes that share it, come home and stay until it is looked anew who
// has it. mu is held.
func (g *Guards) comesHome(k joint.Key, one *guard) {
	g.opens(one)
	one.pinned = true
	g.home.Pin(k)
	if one.bringing {
		return
	}
	one.bringing = true
	go func() {
		g.home.Bring(k)
		g.mu.Lock()
		defer g.mu.Unlock()
		one.bringing = false
	}()
}

// unpinFree lets the pages of an object go elsewhere again that nobody needs here. mu is held.
func (g *Guards) unpinFree(k joint.Key, one *guard) {
	if !one.pinned && one.holds == 0 {
		g.home.Unpin(k)
	}
}

// Openings tells which opening of each object, by its name, was the last one.
func (g *Guards) Openings(objects []sole.Object) map[joint.Key]uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[joint.Key]uint64{}
	for i := range objects {
		k := KeyOf(&objects[i])
		if one := g.all[k]; one != nil {
			all[k] = one.openings
		}
	}
	return all
}

// Unpin lets objects go elsewhere again of which everybody who has them is known, unless they have been opened since.
func (g *Guards) Unpin(objects []sole.Object, opened map[joint.Key]uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range objects {
		k := KeyOf(&objects[i])
		one := g.all[k]
		if one == nil || !one.pinned || one.coming > 0 || one.openings != opened[k] {
			continue
		}
		one.pinned = false
		g.unpinFree(k, one)
	}
}

// Pinned tells whether the pages of an object stay at home until it is looked anew who has it.
func (g *Guards) Pinned(k joint.Key) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.all[k]
	return one != nil && one.pinned
}
