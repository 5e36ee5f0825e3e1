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
}

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
	var k joint.Key
	var g *guard
	for key, one := range j.guards {
		if one.dev == o.Dev && one.ino == o.Ino {
			k, g = key, one
		}
	}
	if g == nil {
		j.mu.Unlock()
		return
	}
	g.openings++
	g.pinned = true
	if x := j.objects[k]; x != nil {
		j.do(k, x, x.Pin())
	}
	brings := !g.bringing
	g.bringing = true
	j.mu.Unlock()
	if j.s.log.Debug("shared memory comes home: somebody opens it", "inode", o.Ino, "pid", o.PID); brings {
		go j.bring(k, g)
	}
	for within := owntime.Within(takeLimit + j.s.daemon.Hello().Reconnect); !j.isHome(k) && !within.Over(); {
		time.Sleep(changePause)
	}
}

// isHome tells whether all pages of an object are here.
func (j *jointly) isHome(k joint.Key) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := j.objects[k]
	return x == nil || x.Away() == 0
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
		if x := j.objects[k]; x != nil {
			j.do(k, x, x.Unpin())
		}
	}
}

// isPinned tells whether the pages of an object stay at home.
func (j *jointly) isPinned(k joint.Key) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.guards[k]
	return g != nil && g.pinned
}
