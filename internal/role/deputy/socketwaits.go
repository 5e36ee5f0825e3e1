package deputy

import (
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A wait for a socket lasts as long as the socket says when it begins (SO_RCVTIMEO, SO_SNDTIMEO). One that goes on at
// home, for the rest of its time, begins while its socket says that; then the socket says again what the program has
// set. Its other threads stand still meanwhile; other processes that wait for the socket may begin a wait in that moment.

// socketWait is a wait that a thread makes again.
type socketWait struct {
	t     *tracee.Thread
	nr    int
	fd    uint64
	until time.Time
	begun time.Time // when the thread has been let go
}

// goesOn tells whether a wait that has lasted since then is this one.
func (w *socketWait) goesOn(t *tracee.Thread, r *image.Regs, since time.Time) bool {
	return w.t == t && w.nr == int(r.OrigRax) && w.fd == r.Rdi && !since.After(w.begun.Add(time.Millisecond+time.Since(w.begun)/512))
}

// beginAll lets the threads of such waits go on, one after the other. letGo runs on the tracing thread.
func (p *proc) beginAll(h *tracee.Hold, waits []socketWait, letGo func(t *tracee.Thread)) {
	for i := range waits {
		w := &waits[i]
		option := unix.SO_RCVTIMEO
		if _, sends := syscalls.TimedBySocket(w.nr); sends {
			option = unix.SO_SNDTIMEO
		}
		_ = p.onDescriptor(w.fd, func(fd int) error {
			says, err := unix.GetsockoptTimeval(fd, unix.SOL_SOCKET, option)
			if err != nil || says.Nano() == 0 {
				return err
			}
			left := unix.NsecToTimeval(int64(max(time.Millisecond, time.Until(w.until)))) // 0 is for ever
			if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, option, &left); err != nil {
				return err
			}
			h.Do(func() { letGo(w.t) })
			p.awaitAsleep(w.t)
			w.begun = time.Now()
			return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, option, says)
		})
	}
}

// asleepWithin is how long a thread may take to begin a wait.
const asleepWithin = 50 * time.Millisecond

// awaitAsleep waits until a thread that has been let go sleeps, or is gone.
func (p *proc) awaitAsleep(t *tracee.Thread) {
	for begun := time.Now(); time.Since(begun) < asleepWithin; nap.For(50 * time.Microsecond) {
		if st, err := p.Family.FS.ThreadStatus(p.PID, t.TID); err != nil || st.State == 'S' {
			return
		}
	}
}

// rememberedWait is the wait for a socket that a thread makes again which comes home; false: it makes none.
func rememberedWait(t *tracee.Thread, th *image.Thread) (socketWait, bool) {
	d, ok := t.Data().(*deputy)
	if r := &th.Regs; !ok || !th.Pending.Again || d.timed.nr != th.Pending.Nr || d.timed.fd != r.Rdi || !isBroken(int64(r.Rax)) {
		return socketWait{}, false
	}
	return socketWait{t: t, nr: d.timed.nr, fd: d.timed.fd, until: d.timed.until}, true
}

// detachOne ends the tracing of a thread that stands. Tracing thread.
func (s *Supervisor) detachOne(t *tracee.Thread) {
	_ = ptrace.Detach(t.TID, 0)
	s.fam.Forget(t)
}
