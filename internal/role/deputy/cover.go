package deputy

import (
	"maps"
	"os"
	"slices"
	"sync"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/sole"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// Before the first of an attended family leaves that shares memory with others, all that have it
// mapped get a userfaultfd, by which they wait for pages that are elsewhere. Children that they make
// get one by the kernel.

// cover sees to one after the other.
type cover struct{ mu sync.Mutex }

// maxCovers bounds how often it is looked who has come to share the memory.
const maxCovers = 8

// coverShared makes what a process that is about to leave shares with its family ready for that. What
// cannot be shared so stays what it is: the move will tell. Precondition: p.begin, and it runs.
func (s *Supervisor) coverShared(p *proc) error {
	if vmas, files, err := p.Mappings(nil); err != nil || len(p.shared(vmas, files)) == 0 {
		return nil // an error comes again
	}
	p.waitsToCover(true)
	s.cover.mu.Lock()
	defer s.cover.mu.Unlock()
	p.waitsToCover(false)
	for range maxCovers {
		more, err := s.coverOnce(p)
		if err != nil || !more {
			return err
		}
	}
	return fail(supervisor.Busy, "more and more processes come to share its memory")
}

func (p *proc) waitsToCover(is bool) {
	p.mu.Lock()
	p.waitsCover = is
	p.mu.Unlock()
}

// coverOnce covers who is not covered yet, and tells whether there was anybody.
func (s *Supervisor) coverOnce(p *proc) (bool, error) {
	vmas, files, err := p.Mappings(nil)
	if err != nil {
		return false, nil
	}
	objects := p.shared(vmas, files)
	if len(objects) == 0 {
		return false, nil
	}
	sharers, why, err := sole.Sharers(p.Family.FS, p.PID, os.Getpid(), objects)
	if err != nil {
		return false, fail(supervisor.CannotMove, err.Error())
	}
	var ready []sole.Object
	family := []*proc{p}
	for i := range objects {
		if why[i] != "" || len(sharers[i]) == 0 || !p.related(sharers[i]) {
			continue // its own, or somebody else's, too
		}
		its, err := s.family(sharers[i])
		if err != nil {
			return false, err
		}
		ready = append(ready, objects[i])
		for _, q := range its {
			if !slices.Contains(family, q) {
				family = append(family, q)
			}
		}
	}
	more := false
	for _, q := range family {
		now, err := s.coverOne(q, ready, q == p)
		if err != nil {
			return false, err
		}
		more = more || now
	}
	return more, nil
}

// shared is what a process has mapped that others may have, too, and that can be on several nodes.
func (p *proc) shared(vmas []image.VMA, files []image.FileID) []sole.Object {
	var all []sole.Object
	for i := range files {
		if !files[i].Sole {
			continue
		}
		at := slices.IndexFunc(vmas, func(v image.VMA) bool { return v.Kind == image.Sole && v.File == uint32(i) })
		o := sole.Object{Range: vmas[at].Range, Dev: files[i].Dev, Ino: files[i].Ino, Name: files[i].Path}
		if _, is, err := sole.Joinable(p.Family.FS, p.PID, &o); err == nil && is {
			all = append(all, o)
		}
	}
	return all
}

// coverOne covers a process that has some of these objects; it tells whether there was anything to do.
func (s *Supervisor) coverOne(q *proc, objects []sole.Object, its bool) (bool, error) {
	vmas, files, err := q.Mappings(nil)
	if err != nil {
		return false, fail(supervisor.Busy, "a process that shares its memory is ending")
	}
	var parts []joint.Part
	var new []sole.Object
	for i := range vmas {
		v := &vmas[i]
		if v.Kind != image.Sole {
			continue
		}
		k := joint.Key{Dev: files[v.File].Dev, Ino: files[v.File].Ino}
		at := slices.IndexFunc(objects, func(o sole.Object) bool { return o.Dev == k.Dev && o.Ino == k.Ino })
		if at < 0 || q.isServed(k) {
			continue
		}
		parts = append(parts, joint.Part{Range: v.Range, Key: k, Off: v.Off})
		o := objects[at]
		o.Range = v.Range
		new = append(new, o)
	}
	if len(parts) == 0 {
		return false, nil
	}
	if !its {
		q.mu.Lock()
		waits := q.waitsCover
		q.mu.Unlock()
		if !waits && !q.begin() {
			return false, fail(supervisor.Busy, "a process that shares its memory is being moved, or changes")
		}
		if !waits {
			defer q.end()
		}
		if q.away() != nil {
			return false, fail(supervisor.Busy, "a process that shares its memory is away")
		}
	}
	return true, s.whileParked(q, func(leader *tracee.Thread) error { return s.serveShared(q, leader, new, parts) })
}

// isServed tells whether what a process shares is served. It is as long as it is mapped, as nobody can map
// it anew; and in the children.
func (p *proc) isServed(k joint.Key) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served[k]
}

// inherits: a child has what its parent had.
func (p *proc) inherits(parent *proc) {
	parent.mu.Lock()
	served := maps.Clone(parent.served)
	parent.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served = served
}

// serveShared makes a process's userfaultfd and begins to serve it. Its threads are parked.
func (s *Supervisor) serveShared(q *proc, leader *tracee.Thread, objects []sole.Object, parts []joint.Part) error {
	for i := range objects {
		o := &objects[i]
		size, is, err := sole.Joinable(q.Family.FS, q.PID, o)
		if err != nil || !is {
			return fail(supervisor.Busy, "what it shares has just changed")
		}
		k := joint.Key{Dev: o.Dev, Ino: o.Ino}
		_, err = s.joint.node.Use(k, size, func() (*os.File, error) {
			return os.OpenFile(q.Family.FS.MapFile(q.PID, o.Range), os.O_RDWR, 0)
		})
		if err != nil {
			return fail(supervisor.CannotMove, err.Error())
		}
		defer s.joint.node.Unuse(k)
	}
	fd, err := q.faults(leader, joint.Features)
	if err != nil {
		return fail(supervisor.CannotMove, "what it shares cannot be served: "+err.Error())
	}
	if _, err := s.joint.node.Watch(fd, parts); err != nil {
		return fail(supervisor.CannotMove, "what it shares cannot be served: "+err.Error())
	}
	q.mu.Lock() // before it runs, and may fork
	defer q.mu.Unlock()
	if q.served == nil {
		q.served = map[joint.Key]bool{}
	}
	for _, p := range parts {
		q.served[p.Key] = true
	}
	return nil
}

// faults makes a userfaultfd of a process, which serves the kernel's faults as well. Its threads are
// parked.
func (p *proc) faults(leader *tracee.Thread, want uffd.Features) (uffd.FD, error) {
	device, err := os.Open(faultDevice)
	if err != nil {
		return -1, err
	}
	defer device.Close()
	var fd uffd.FD
	return fd, p.Unlimited(func() error { // a process may have as many descriptors as it may
		its, err := leader.Give(device)
		if err != nil {
			return err
		}
		fd, err = leader.Userfault(its, want)
		if _, e := leader.Must("close", unix.SYS_CLOSE, uint64(its)); err == nil {
			err = e
		}
		return err
	})
}

// whileParked stops a process at home for a moment, its threads in the stub. Precondition: nobody else
// moves it.
func (s *Supervisor) whileParked(p *proc, do func(leader *tracee.Thread) error) error {
	defer p.goesOn()
	h, err := s.freezeAtHome(p, running)
	if err != nil {
		return err
	}
	f := &frozen{p: p, h: h, img: &image.Image{}, threads: h.Threads()}
	vmas, _, err := p.Mappings(nil)
	if err == nil {
		err = h.StepOut(f.threads, tracee.VDSO(vmas))
	}
	if err == nil {
		f.saved, err = h.Save(f.threads)
	}
	if err == nil {
		err = f.park()
	}
	if err == nil {
		err = do(f.threads[0])
	}
	if undo := f.undo(); undo != nil {
		return undo
	}
	return err
}

// attendOptions are those of a process of an attended family that is at home. Who shares memory of which
// a part may be elsewhere does not outlive who serves it.
func (p *proc) attendOptions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.served) > 0 {
		return attendOptions | ptrace.ExitKill
	}
	return attendOptions
}

// jointKeys is what of the files of an image is shared with the family.
func jointKeys(img *image.Image) []joint.Key {
	var keys []joint.Key
	for i := range img.Files {
		if f := &img.Files[i]; f.Joint {
			keys = append(keys, joint.Key{Dev: f.Dev, Ino: f.Ino})
		}
	}
	return keys
}

// touches: a process on its way to l, if it shares memory, may have done something there.
func (p *proc) touches(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handed = p.handed || l == p.handing && len(p.served) > 0
}

// sharedAt is where that is mapped.
func sharedAt(img *image.Image) []image.Range {
	var all []image.Range
	for i := range img.VMAs {
		if v := &img.VMAs[i]; v.Kind == image.Sole && img.Files[v.File].Joint {
			all = append(all, v.Range)
		}
	}
	return all
}

// waitsForShared tells of a futex operation on that, which is made here.
func (p *proc) waitsForShared(c *syscalls.Call) bool {
	if c.Nr != unix.SYS_FUTEX || syscalls.PrivateFutex(c.Args) || syscalls.JointFutex(c.Args) == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.sharedAt, func(r image.Range) bool { return r.Start <= c.Args[0] && c.Args[0] < r.End })
}
