package daemon

import (
	"openmosix/internal/model/supervisor"
)

// maxUsed bounds the processes at home of which it is remembered what they used
// away; before that is reached those that have ended are forgotten.
const maxUsed = 1 << 14

// remember notes what a process that is at home again has used away. The
// kernel's clocks do not contain it, and its supervisor ends.
// Precondition: r.mu is held.
func (r *homes) remember(pid int, u supervisor.Used) {
	if len(r.used) >= maxUsed {
		for pid, u := range r.used {
			if !r.proc.Alive(pid, u.Start) {
				delete(r.used, pid)
			}
		}
	}
	if pid > 0 && len(r.used) < maxUsed {
		r.used[pid] = u
	}
}

// usedBy tells what a process at home has used away; nil: nothing is known.
func (r *homes) usedBy(pid int) *supervisor.Used {
	r.mu.Lock()
	defer r.mu.Unlock()
	u, ok := r.used[pid]
	if !ok {
		return nil
	}
	if !r.proc.Alive(pid, u.Start) {
		delete(r.used, pid)
		return nil
	}
	return &u
}

// atHome lists processes that have been away and that no supervisor looks after.
func (r *homes) atHome() []supervisor.Proc {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []supervisor.Proc
	for pid, u := range r.used {
		if _, held := r.byPID[pid]; !held && r.proc.Alive(pid, u.Start) {
			out = append(out, supervisor.Proc{PID: pid, Moves: u.Moves, CPUMicros: u.CPUMicros})
		}
	}
	return out
}
