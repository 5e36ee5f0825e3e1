package policy

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"openmosix/internal/linux/procfs"
)

// MarkVariable is in the environment of what mosrun starts. Its value names a
// policy; it is evidence only where there is no better one.
const MarkVariable = "OPENMOSIX_POLICY"

// bound on policies and marks kept.
const bound = 1 << 15

// Process names a process for ever.
type Process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // ticks since boot
}

// entry is the policy of one process. Children that began at or after Since
// inherit it.
type entry struct {
	Process
	Since  uint64 `json:"since"`
	Policy Policy `json:"policy"`
}

// Registry is the policies of this node's processes.
type Registry struct {
	proc procfs.FS
	path string // where it is kept; the directory is empty after a start of the machine

	mu      sync.Mutex
	tells   int // the node's disclosure
	byPID   map[int]entry
	marks   map[string]Policy
	strange map[Process]bool // examined, and nothing was found
}

// kept is the file.
type kept struct {
	Entries []entry           `json:"entries"`
	Marks   map[string]Policy `json:"marks"`
}

// Open reads what an earlier daemon has kept. A file that is not understood is
// an error beside an empty registry.
func Open(proc procfs.FS, path string, disclosure int) (*Registry, error) {
	r := &Registry{proc: proc, path: path, tells: disclosure,
		byPID: map[int]entry{}, marks: map[string]Policy{}, strange: map[Process]bool{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read policies of processes: %w", err)
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return r, fmt.Errorf("the policies of processes in %s are not used: %w", path, err)
	}
	for _, e := range k.Entries {
		if proc.Alive(e.PID, e.Start) && e.Policy.Check() == nil {
			r.byPID[e.PID] = e
		}
	}
	for mark, p := range k.Marks {
		if p.Check() == nil {
			r.marks[mark] = p
		}
	}
	return r, nil
}

// Tell changes the disclosure of processes of which nobody has said any. Level
// is one of the constants.
func (r *Registry) Tell(level int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tells = level
}

// inForce fills in what is the node's to say. Precondition: r.mu is held.
func (r *Registry) inForce(p Policy) Policy {
	if p.Disclosure == TellDefault {
		p.Disclosure = r.tells
	}
	return p
}

// Set changes what is said of a process, which inherits the rest, and gives the
// mark its descendants are to have in their environment. Where it cannot be
// kept (ErrNotKept) it holds all the same, until the daemon ends.
func (r *Registry) Set(pid int, c Change) (Policy, string, error) {
	old, err := r.said(pid)
	if err != nil {
		return Policy{}, "", err
	}
	p := c.To(old)
	if err := p.Check(); err != nil {
		return Policy{}, "", err
	}
	stat, err := r.proc.Stat(pid)
	if err != nil {
		return Policy{}, "", err
	}
	now, err := r.proc.Now()
	if err != nil {
		return Policy{}, "", err
	}
	mark := rand.Text()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byPID) >= bound {
		return Policy{}, "", fmt.Errorf("policies are kept of no more than %d processes", bound)
	}
	for m := range r.marks { // any: the evidence of last resort of some old job
		if len(r.marks) < bound {
			break
		}
		delete(r.marks, m)
	}
	r.byPID[pid] = entry{Process: Process{pid, stat.StartTime}, Since: max(now, stat.StartTime), Policy: p}
	r.marks[mark] = p
	if err := r.keep(); err != nil {
		return r.inForce(p), mark, fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	return r.inForce(p), mark, nil
}

// ErrNotKept says that a policy will be forgotten with the daemon.
var ErrNotKept = errors.New("what mosrun says of processes is lost when this daemon ends")

// keep precondition: r.mu is held.
func (r *Registry) keep() error {
	k := kept{Marks: r.marks}
	for _, e := range r.byPID {
		k.Entries = append(k.Entries, e)
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	fresh := r.path + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return fmt.Errorf("keep policies of processes: %w", err)
	}
	if err := os.Rename(fresh, r.path); err != nil {
		return fmt.Errorf("keep policies of processes: %w", err)
	}
	return nil
}

// All gives what is said of processes that are known to have a policy.
func (r *Registry) All() map[int]Policy {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[int]Policy, len(r.byPID))
	for pid, e := range r.byPID {
		out[pid] = r.inForce(e.Policy)
	}
	return out
}
