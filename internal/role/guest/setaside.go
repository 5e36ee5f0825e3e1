package guest

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/process/tracee"
)

// setAside keeps a signal that was about to be delivered for the place where
// the process goes on. A fault of the thread's own is delivered: its handler's
// frame travels with the stack. Tracing thread.
func (d *departure) setAside(t *tracee.Thread, st ptrace.Stop) {
	info, err := ptrace.GetSigInfo(t.TID)
	if err != nil {
		return
	}
	b := d.b
	real, direct, ok := undisguise(info)
	if t.Data().(*strand).straightened(&info) && !ok {
		_ = ptrace.Continue(t.TID, 0) // as in deliver
		return
	}
	if !ok && localOnly(st.Value) {
		_ = ptrace.Continue(t.TID, 0)
		return
	}
	if ok {
		b.homeTimers.takes(&real)
	}
	one := pendingSignal{info: real, at: t.Own}
	if code := siCode(&real); direct || !ok && (code == siTkill || code > 0 || b.ofThread(&real)) {
		one.own = t.Own
	}
	b.mu.Lock()
	b.early = append(b.early, one)
	b.mu.Unlock()
	_ = ptrace.Continue(t.TID, 0)
}

const siTkill = -6
