package tracee

import (
	"fmt"
	"time"

	"openmosix/internal/linux/owntime"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

const restartBlock = -516

// recall names the call that a restart_syscall goes on with, when the thread was
// seen in it before: each stop of a sleeping thread makes it one.
func (t *Thread) recall(r *image.Regs) {
	if int64(r.Rax) != restartBlock {
		t.slept = image.Regs{}
		return
	}
	was := &t.slept
	if r.OrigRax == unix.SYS_RESTART_SYSCALL && was.Rip == r.Rip && was.Rsp == r.Rsp && was.Rdi == r.Rdi && was.Rsi == r.Rsi && was.R10 == r.R10 {
		r.OrigRax = was.OrigRax
	}
	if r.OrigRax == unix.SYS_RESTART_SYSCALL && t.namesPoll(r.Rip) {
		r.OrigRax = unix.SYS_POLL
	}
	t.slept = *r
}

// namesPoll tells whether the call before an address is a poll by the program's own code: mov $7, %eax; syscall.
func (t *Thread) namesPoll(behind uint64) bool {
	poll := [...]byte{0xb8, unix.SYS_POLL, 0, 0, 0, 0x0f, 0x05}
	var b [len(poll)]byte
	return t.Proc.Mem.Read(behind-uint64(len(b)), b[:]) == nil && b == poll
}

// Sleep has a parked thread begin a sleep and breaks it off at once, so that the
// kernel remembers how to go on with it. done: the time was over.
func (h *Hold) Sleep(t *Thread, nr int, args [6]uint64) (done bool, err error) {
	p, slot := h.Proc, t.Slot
	if slot == nil {
		return false, ErrGone
	}
	slot.Post(nr, args)
	for within := owntime.Within(stepLimit); !within.Over(); {
		if ret, ok := slot.Await(sleepBegins); ok {
			if ret != 0 {
				err = fmt.Errorf("sleep again in thread %d: %w", t.TID, unix.Errno(-ret))
			}
			return true, err
		}
		if err := h.Unpark(t); err != nil {
			return false, err
		}
		broken := false
		h.Do(func() {
			var r image.Regs
			if r, err = ptrace.Regs(t.TID); err != nil {
				return
			}
			if broken = p.Family.Blob.Classify(r.Rip-p.Base, int64(r.Rax), slot.Outstanding(), slot.Picked(r.R12)) == stub.Broken; broken {
				enterStub(&r, p.Base, slot)
				if err = ptrace.SetRegs(t.TID, r); err != nil {
					return
				}
			}
			err = ptrace.Continue(t.TID, 0)
		})
		if err != nil || broken {
			return false, err
		}
	}
	return false, ErrSlow
}

// sleepBegins is how long a thread may take to begin its sleep before it is looked at.
const sleepBegins = 200 * time.Microsecond
