package deputy

import (
	"fmt"
	"os"
	"slices"
	"time"

	"openmosix/internal/linux/openwatch"
	"openmosix/internal/linux/owntime"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

// Shared memory that has a name somebody may open at any time, who would then have it mapped, or read it, without
// waiting for pages that are elsewhere. So it is watched who opens it: he waits until all its pages are at
// home, where they stay from then on; and so do, for that, all processes that share it. When one is to leave
// again it is looked anew who has it.

// guard is such memory.
type guard struct {
	file     *os.File
	dev, ino uint64 // as the file says, not as mappings do
	openings uint64
	pinned   bool // its pages stay at home
	bringing bool // its processes are on their way there
	holds    int  // calls by its descriptors that are being made: its pages stay at home, too
	late     []*time.Timer
}

// keeps tells whether its pages stay at home. mu
func (g *guard) keeps() bool { return g.pinned || g.holds > 0 }

// guard watches who opens an object, if that is not done already.
func (j *jointly) guard(k joint.Key, open func() (*os.File, error)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.guards[k] != nil {
		return nil
	}
	if j.watch == nil {
		w, err := openwatch.New()
		if err != nil {
			return fail(supervisor.CannotMove, fmt.Sprintf("it shares memory that has a name: %v", err))
		}
		j.watch = w
		go j.watches(w)
	}
	file, err := open()
	if err != nil {
		return err
	}
	g := &guard{file: file}
	var st unix.Stat_t
	if err = unix.Fstat(int(file.Fd()), &st); err == nil {
		g.dev, g.ino = st.Dev, st.Ino
		err = j.watch.Add(file)
	}
	if err != nil {
		_ = file.Close()
		return fail(supervisor.CannotMove, fmt.Sprintf("it shares memory that has a name: %v", err))
	}
	j.guards[k] = g
	j.tellShown()
	return nil
}

// guardOnly watches no longer what is not shared, or not any more, but for these.
func (j *jointly) guardOnly(ready []sole.Object) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for k, g := range j.guards {
		is := slices.ContainsFunc(ready, func(o sole.Object) bool { return o.Dev == k.Dev && o.Ino == k.Ino })
		if _, known := j.node.Size(k); !known && !is && !g.bringing {
			_ = j.watch.Remove(g.file)
			_ = g.file.Close()
			delete(j.guards, k)
		}
	}
	j.tellShown()
}

// tellShown: other things are guarded than before. mu is held.
func (j *jointly) tellShown() {
	all := make(map[shows]joint.Key, len(j.guards))
	for k, g := range j.guards {
		all[shows{g.dev, g.ino}] = k
	}
	j.shown.Store(&all)
}

func (j *jointly) watches(w *openwatch.Watch) {
	for {
		o, err := w.Next()
		if err != nil {
			j.s.log.Error("who opens shared memory is not seen any more", "error", err)
			return
		}
		if o.PID == os.Getpid() {
			o.Allow()
			continue
		}
		go j.opened(o)
	}
}

// opened has who opens shared memory find all of it.
func (j *jointly) opened(o openwatch.Opening) {
	defer o.Allow()
	j.mu.Lock()
	defer j.mu.Unlock()
	var k joint.Key
	var g *guard
	for key, one := range j.guards {
		if one.dev == o.Dev && one.ino == o.Ino {
			k, g = key, one
		}
	}
	if g == nil {
		return
	}
	j.s.log.Debug("shared memory comes home: somebody opens it", "inode", o.Ino, "pid", o.PID)
	j.comesHome(k, g)
	j.awaitHome(k)
}

// comesHome has all pages of an object, and all processes that share it, come home and stay until it is looked anew who
// has it. mu is held, and by the next ones.
func (j *jointly) comesHome(k joint.Key, g *guard) {
	g.openings++
	g.pinned = true
	j.pin(k)
	if !g.bringing {
		g.bringing = true
		go j.bring(k, g)
	}
}

func (j *jointly) pin(k joint.Key) {
	if x := j.objects[k]; x != nil {
		x.Tick()
		j.do(k, x, x.Pin())
	}
}

// unpinFree lets the pages of an object go elsewhere again that nobody needs here.
func (j *jointly) unpinFree(k joint.Key, g *guard) {
	if x := j.objects[k]; x != nil && !g.keeps() {
		x.Tick()
		j.do(k, x, x.Unpin())
	}
}

// awaitHome waits until all pages of an object are here: who does not give them up is given up. mu is held, and
// given up meanwhile.
func (j *jointly) awaitHome(k joint.Key) {
	for x := j.objects[k]; x != nil && x.Away() > 0; x = j.objects[k] {
		j.home.Wait()
	}
}

// bring has all processes come home that share an object: they wait for its pages elsewhere.
func (j *jointly) bring(k joint.Key, g *guard) {
	s := j.s
	s.stay(1)
	defer s.endIfIdle()
	defer s.stay(-1)
	for within := owntime.Within(leaseLimit); !within.Over(); time.Sleep(leasePause) {
		some := false // that shares it, and is not still at home
		for _, p := range s.all() {
			if !p.isServed(k) || p.isStill() {
				continue
			}
			some = true
			if p.away() != nil {
				if _, _, err := s.move(supervisor.Request{Verb: supervisor.MoveTo, PID: p.PID, Why: "another process opens memory that it shares"}); err != nil {
					s.log.Debug("not home yet", "pid", p.PID, "error", err)
				}
			}
		}
		if !some {
			break
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	g.bringing = false
}

// isStill tells whether a process is at home, and not on its way.
func (p *proc) isStill() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link == nil && !p.moving
}

// openings tells how often each object has been opened by its name.
func (j *jointly) openings(objects []sole.Object) map[joint.Key]uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := map[joint.Key]uint64{}
	for i := range objects {
		k := keyOf(&objects[i])
		if g := j.guards[k]; g != nil {
			all[k] = g.openings
		}
	}
	return all
}

// unpin lets objects go elsewhere again of which everybody who has them is known, unless they have been opened since.
func (j *jointly) unpin(objects []sole.Object, opened map[joint.Key]uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range objects {
		k := keyOf(&objects[i])
		g := j.guards[k]
		if g == nil || !g.pinned || g.openings != opened[k] {
			continue
		}
		g.pinned = false
		j.unpinFree(k, g)
	}
}

// isPinned tells whether the pages of an object stay at home.
func (j *jointly) isPinned(k joint.Key) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.guards[k]
	return g != nil && g.pinned
}
