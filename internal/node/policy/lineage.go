package policy

import (
	"maps"
	"strings"

	"openmosix/internal/linux/procfs"
)

// deepest bounds how far ancestors are followed.
const deepest = 256

// facts are what is known of a process and its ancestors.
type facts map[int]*procfs.Stat

// Of gives the policy in force for a process, and notes it if it was inherited.
func (r *Registry) Of(pid int) (Policy, error) {
	p, err := r.said(pid)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inForce(p), err
}

// said is what somebody has said of a process or its ancestors.
func (r *Registry) said(pid int) (Policy, error) {
	stat, err := r.proc.Stat(pid)
	if err != nil {
		return unsaid(), err
	}
	known := facts{pid: stat}
	// What is above one of whom it is known says nothing more (descend), and each
	// costs a look at /proc, for each program that a family under mosrun starts.
	for at, depth := stat, 0; at.PPid > 1 && depth < deepest && !r.knows(at); depth++ {
		parent, err := r.proc.Stat(at.PPid)
		if err != nil {
			break
		}
		known[at.PPid] = parent
		at = parent
	}
	r.learn(known)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.noted(stat); ok {
		return e.Policy, nil
	}
	return unsaid(), nil
}

// knows tells whether something is noted of a process.
func (r *Registry) knows(stat *procfs.Stat) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.noted(stat)
	return ok
}

// noted is what is noted of a process, and not of an earlier one with its number.
// Precondition: r.mu is held.
func (r *Registry) noted(stat *procfs.Stat) (entry, bool) {
	e, ok := r.byPID[stat.Pid]
	return e, ok && e.Start == stat.StartTime
}

// Look goes through all processes, so that a child is noted while its parent
// is still there, and forgets those that have ended.
func (r *Registry) Look() error {
	r.mu.Lock()
	before := maps.Clone(r.byPID)
	idle := len(r.byPID) == 0 && len(r.marks) == 0
	r.mu.Unlock()
	if idle {
		return nil
	}
	pids, err := r.proc.Pids()
	if err != nil {
		return err
	}
	known := make(facts, len(pids))
	for _, pid := range pids {
		if stat, err := r.proc.Stat(pid); err == nil {
			known[pid] = stat
		}
	}
	changed := r.learn(known)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.forget(before, known) && !changed {
		return nil
	}
	return r.keep()
}

// forget drops those that have ended. Only what was noted before the processes
// were looked at is judged by what was seen: of one that began meanwhile nothing
// was seen, and it may have been noted. Precondition: r.mu is held.
func (r *Registry) forget(before map[int]entry, known facts) (changed bool) {
	sessions := map[int]bool{}
	for _, stat := range known {
		sessions[stat.Session] = true
	}
	for pid, e := range before {
		// The number of a session's leader is not given to another process as
		// long as one of the session lives.
		if stat, alive := known[pid]; (!alive || stat.StartTime != e.Start) && !sessions[pid] && r.byPID[pid].Process == e.Process {
			delete(r.byPID, pid)
			changed = true
		}
	}
	for p := range r.strange {
		if stat, alive := known[p.PID]; !alive || stat.StartTime != p.Start {
			delete(r.strange, p)
		}
	}
	return changed
}

// learn notes who inherits, first by descent, then by marks.
func (r *Registry) learn(known facts) (changed bool) {
	r.mu.Lock()
	var unclear []Process
	for pid, stat := range known {
		before := len(r.byPID)
		if !r.descend(known, pid, 0) && !r.strange[Process{pid, stat.StartTime}] && len(r.marks) > 0 {
			unclear = append(unclear, Process{pid, stat.StartTime})
		}
		changed = changed || len(r.byPID) != before
	}
	r.mu.Unlock()
	marks := make(map[Process]string, len(unclear))
	for _, p := range unclear {
		marks[p] = r.markOf(p.PID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, mark := range marks {
		if r.byPID[p.PID].Process == p {
			continue // something was said of it meanwhile
		}
		if policy, ok := r.marks[mark]; ok {
			r.note(p, policy)
			changed = true
		} else if mark != unknownMark {
			r.strange[p] = true
		}
	}
	return changed
}

// descend tells whether a process has a policy, and notes one it has inherited.
// Precondition: r.mu is held.
func (r *Registry) descend(known facts, pid, depth int) bool {
	stat, ok := known[pid]
	if !ok || depth > deepest {
		return false
	}
	if _, ok := r.noted(stat); ok {
		return true
	}
	delete(r.byPID, pid) // another process has the number now
	from := stat.PPid
	if !r.descend(known, from, depth+1) {
		// Its parent may have ended. Who is in a session descends from its leader.
		from = stat.Session
	}
	parent, ok := r.byPID[from]
	if !ok || from == pid || stat.StartTime < parent.Since {
		return false
	}
	r.note(Process{pid, stat.StartTime}, parent.Policy)
	return true
}

// note precondition: r.mu is held.
func (r *Registry) note(p Process, policy Policy) {
	if len(r.byPID) < bound {
		r.byPID[p.PID] = entry{Process: p, Since: p.Start, Policy: policy}
	}
}

// unknownMark is that of a process without any environment: it may be in the
// middle of an exec, and is looked at again. No mark has a blank in it.
const unknownMark = " "

// markOf is what stands in the environment a process was started with.
func (r *Registry) markOf(pid int) string {
	words, err := r.proc.Environ(pid)
	if err != nil || len(words) == 0 || (len(words) == 1 && words[0] == "") {
		return unknownMark
	}
	for _, word := range words {
		if mark, ok := strings.CutPrefix(word, MarkVariable+"="); ok {
			return mark
		}
	}
	return ""
}

// Marked tells whether a process has been started with a mark: mosrun has
// become what it was to run.
func (r *Registry) Marked(pid int, mark string) bool { return r.markOf(pid) == mark }
