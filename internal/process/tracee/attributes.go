package tracee

import (
	"fmt"
	"slices"
	"sync"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// attributes are what is known of a process's mappings and cannot be seen in their list.
type attributes struct {
	mu      sync.Mutex
	growing []image.Range    // downwards
	advised []layout.Advised // sorted
	asked   []image.Range    // the mappings when the kernel was asked last
}

// locked is how much is known to be locked. mu is held.
func (a *attributes) locked() uint64 {
	var n uint64
	for _, k := range a.advised {
		if k.Advice&image.Locked != 0 {
			n += k.Len()
		}
	}
	return n
}

// SetAttributes says what the process's mappings are: as in the image it is made from.
func (p *Process) SetAttributes(vmas []image.VMA) {
	p.attributes.mu.Lock()
	defer p.attributes.mu.Unlock()
	p.attributes.growing, p.attributes.advised, p.attributes.asked = layout.Growing(vmas), layout.AdviceOf(vmas), nil
}

// InheritAttributes says that the process was forked from another one.
func (p *Process) InheritAttributes(from *Process) {
	from.attributes.mu.Lock()
	growing, advised := from.attributes.growing, from.attributes.advised
	from.attributes.mu.Unlock()
	p.attributes.mu.Lock()
	defer p.attributes.mu.Unlock()
	p.attributes.growing, p.attributes.advised = growing, layout.WithoutAdvice(advised, image.Locks) // mlock(2)
}

// forgetLocks: nothing is locked any more.
func (p *Process) forgetLocks() {
	p.attributes.mu.Lock()
	defer p.attributes.mu.Unlock()
	p.attributes.advised = layout.WithoutAdvice(p.attributes.advised, image.Locks)
}

// AddGrowing has mappings that grow downwards where they do in an image, too.
func (p *Process) AddGrowing(vmas []image.VMA) {
	p.attributes.mu.Lock()
	defer p.attributes.mu.Unlock()
	p.attributes.growing = layout.Union(p.attributes.growing, layout.Growing(vmas))
}

// adviceLetters are the flags of smaps: proc_pid_smaps(5).
var adviceLetters = map[string]image.Advice{
	"hg": image.HugePages, "nh": image.NoHugePages,
	"dc": image.DontFork, "wf": image.WipeOnFork, "dd": image.DontDump,
	"mg": image.Mergeable, "nr": image.NoReserve, "dp": image.Droppable, "lo": image.Locked, "lf": image.LockedOnFault,
}

// LearnAttributes asks the kernel. It walks all page tables for the answer (8 ms for a
// gigabyte of small pages), so this is not for a large process that stands still.
func (p *Process) LearnAttributes() error {
	regions, err := p.Family.FS.Smaps(p.PID)
	if err != nil {
		return fmt.Errorf("find what its mappings are: %w", err)
	}
	var growing, asked []image.Range
	var advised []layout.Advised
	for i := range regions {
		r := &regions[i]
		if p.inStub(r.Range) {
			continue
		}
		asked = append(asked, r.Range)
		if r.VMFlags.Has("gd") {
			growing = append(growing, r.Range)
		}
		var a image.Advice
		for _, letters := range r.VMFlags {
			a |= adviceLetters[letters]
		}
		if a != 0 && !r.Special {
			advised = append(advised, layout.Advised{Range: r.Range, Advice: a})
		}
	}
	p.attributes.mu.Lock()
	defer p.attributes.mu.Unlock()
	p.attributes.growing, p.attributes.advised, p.attributes.asked = layout.Union(growing), advised, asked
	return nil
}

const (
	// quicklyAsked is the resident size up to which a process that stands still may as well be
	// asked again: half a millisecond.
	quicklyAsked = 64 << 20
	// askedAtMost is that up to which it is worth it when its mappings have changed.
	askedAtMost = 1 << 30
)

// LearnStanding has what is known be true of a process that stands still, which was asked
// a moment ago while it ran. What a large one has asked for within that moment, or a very
// large one with mappings that are that new, is taken to be what is known of the place.
func (p *Process) LearnStanding() error {
	st, err := p.Family.FS.Status(p.PID)
	if err != nil {
		return err
	}
	if st.VmRSS > quicklyAsked {
		ms, err := p.Family.FS.Maps(p.PID)
		if err != nil {
			return err
		}
		var now []image.Range
		for i := range ms {
			if !p.inStub(ms[i].Range) {
				now = append(now, ms[i].Range)
			}
		}
		p.attributes.mu.Lock()
		same := slices.Equal(now, p.attributes.asked)
		locked := p.attributes.locked() == st.VmLck
		p.attributes.mu.Unlock()
		if locked && (same || st.VmRSS > askedAtMost) {
			return nil
		}
	}
	return p.LearnAttributes()
}

// HasSemantic tells whether something is known that must not be mistaken.
func (p *Process) HasSemantic() bool {
	p.attributes.mu.Lock()
	defer p.attributes.mu.Unlock()
	return slices.ContainsFunc(p.attributes.advised, func(a layout.Advised) bool { return a.Advice&image.Semantic != 0 })
}

// Mappings reads the process's address space, without the stub's region. The
// files found are appended to files, each once.
func (p *Process) Mappings(files []image.FileID) ([]image.VMA, []image.FileID, error) {
	vs, files, err := Mappings(p.Family.FS, p.PID, p.Base, files)
	if err != nil {
		return nil, nil, err
	}
	a := &p.attributes
	a.mu.Lock()
	defer a.mu.Unlock()
	layout.MarkGrowing(vs, a.growing)
	layout.MarkAdvice(vs, a.advised)
	a.growing, a.advised = layout.Growing(vs), layout.AdviceOf(vs)
	return vs, files, nil
}
