package deputy

import (
	"maps"
	"slices"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/reach"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

// isServed tells whether what a process shares is, or was, served; in the children it is, too.
func (p *proc) isServed(k joint.Key) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, is := p.served[k]
	return is
}

// notServed is where a process has objects mapped that is not served. What has not been opened since it was looked the last
// time cannot be mapped anew since then; else the kernel knows.
func (p *proc) notServed(objects []sole.Object, opened map[joint.Key]uint64) ([]joint.Part, []sole.Object, error) {
	vmas, files, err := p.Mappings(nil)
	if err != nil {
		return nil, nil, fail(supervisor.Busy, "a process that shares its memory is ending")
	}
	var waiting map[image.Range]bool
	parts, there := reach.Parts(vmas, files, objects, func(k joint.Key, r image.Range) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		seen, is := p.served[k]
		if !is || seen == opened[k] {
			return is
		}
		if waiting == nil && err == nil {
			waiting, err = reach.Waiting(p.Family.FS, p.PID)
		}
		return waiting[r]
	})
	return parts, there, err
}

// nowServed: all that it has mapped of these objects is.
func (p *proc) nowServed(objects []sole.Object, opened map[joint.Key]uint64, parts []joint.Part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.served == nil {
		p.served = map[joint.Key]uint64{}
	}
	for _, part := range parts {
		p.served[part.Key] = opened[part.Key]
	}
	for i := range objects {
		k := reach.KeyOf(&objects[i])
		if _, is := p.served[k]; is {
			p.served[k] = opened[k]
		}
	}
}

// unlooked is no opening of anything: the kernel is asked.
const unlooked = ^uint64(0)

// inherits: a child has what its parent had, and runs the same program. It may have been made before that was served, and
// be reported only now. Tracing thread.
func (p *proc) inherits(parent *proc) {
	if parent.Sees != nil {
		p.Sees = p.sees
	}
	parent.mu.Lock()
	served, stay, reaches := maps.Clone(parent.served), parent.stay, parent.reaches
	parent.mu.Unlock()
	for k := range served {
		served[k] = unlooked
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served, p.stay, p.reaches = served, stay, reaches
}

// attendOptions are those of a process of an attended family that is at home. Who shares memory of which
// a part may be elsewhere does not outlive who serves it.
func (p *proc) attendOptions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.served) > 0 || p.reaches {
		return attendOptions | ptrace.ExitKill
	}
	return attendOptions
}

// jointKeys is what of the files of an image is shared with the family.
func jointKeys(img *image.Image) []joint.Key {
	var keys []joint.Key
	for i := range img.Files {
		if f := &img.Files[i]; f.Joint {
			keys = append(keys, joint.KeyOf(f))
		}
	}
	return keys
}

// touches: a process behind l waits for what it shares. That costs what a call costs; and if it is only on its
// way there, it has done something.
func (p *proc) touches(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link == l {
		p.calls.Add(1)
	}
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
