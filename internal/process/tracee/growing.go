package tracee

import (
	"fmt"
	"sync"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"

	"golang.org/x/sys/unix"
)

// growing is where a process has mappings that grow downwards.
type growing struct {
	mu    sync.Mutex
	known []image.Range
}

// SetGrowing says where the process has mappings that grow downwards: as in
// the image it is made from, or in the process it was forked from.
func (p *Process) SetGrowing(rs []image.Range) {
	p.growing.mu.Lock()
	defer p.growing.mu.Unlock()
	p.growing.known = rs
}

// Growing tells what is known of that.
func (p *Process) Growing() []image.Range {
	p.growing.mu.Lock()
	defer p.growing.mu.Unlock()
	return p.growing.known
}

// LearnGrowing asks the kernel. It walks all page tables for the answer, so this
// is not for a process that stands still.
func (p *Process) LearnGrowing() error {
	regions, err := p.Family.FS.Smaps(p.PID)
	if err != nil {
		return fmt.Errorf("find what grows: %w", err)
	}
	var rs []image.Range
	for i := range regions {
		if regions[i].VMFlags.Has("gd") {
			rs = append(rs, regions[i].Range)
		}
	}
	p.SetGrowing(layout.Union(rs))
	return nil
}

// Mappings reads the process's address space, without the stub's region. The
// files found are appended to files, each once.
func (p *Process) Mappings(files []image.FileID) ([]image.VMA, []image.FileID, error) {
	vs, files, err := Mappings(p.Family.FS, p.PID, p.Base, files)
	if err != nil {
		return nil, nil, err
	}
	layout.MarkGrowing(vs, p.Growing())
	p.SetGrowing(layout.Growing(vs))
	return vs, files, nil
}

// grow has the kernel grow the mapping above down to v's beginning, as it does
// when the program touches memory there: then it stays one mapping, and goes on
// growing. An access through /proc/pid/mem does that, too, under the limit of
// whoever makes it.
func (p *Process) grow(v image.VMA) error {
	f := p.Family
	f.ownStack.Lock()
	defer f.ownStack.Unlock()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &old); err != nil {
		return fmt.Errorf("read own stack limit: %w", err)
	}
	_ = unix.Setrlimit(unix.RLIMIT_STACK, &unix.Rlimit{Cur: old.Max, Max: old.Max}) // else the soft one may do
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_STACK, &old) }()
	return p.Mem.Write(v.Start, []byte{0})
}
