package deputy

import (
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

const (
	restartBlock = -516
	noHand       = -514
)

// restArgument names the register that tells a sleep where to write what is
// left of its time: nanosleep(2), clock_nanosleep(2).
func restArgument(r *image.Regs) (addr uint64, ok bool) {
	const absolute = 1
	switch r.OrigRax {
	case unix.SYS_NANOSLEEP:
		return r.Rsi, true
	case unix.SYS_CLOCK_NANOSLEEP:
		return r.R10, r.Rsi&absolute == 0
	}
	return 0, false
}

// leftToSleep has sleeping threads sleep for the rest of their time away. The
// kernel has told the program the rest when it was stopped, and would tell it
// again, into memory that is not the program's any more. Where nobody is told
// the sleep goes on at the deputy.
func (p *proc) leftToSleep(img *image.Image) {
	for i := range img.Threads {
		t := &img.Threads[i]
		addr, ok := restArgument(&t.Regs)
		if !ok || addr == 0 || int64(t.Regs.Rax) != restartBlock {
			continue
		}
		var b [16]byte
		if p.Mem.Read(addr, b[:]) != nil {
			continue
		}
		t.Pending = image.Pending{Nr: int(t.Regs.OrigRax), Remaining: int64(le.Uint64(b[:]))*int64(time.Second) + int64(le.Uint64(b[8:]))}
		t.Regs.Rax = minus(noHand)
	}
}

// homeward adapts a thread that was in a wait for a relative time to going on
// natively at home, for the rest of it.
func (r *returning) homeward(t *tracee.Thread, th *image.Thread, ago time.Duration) error {
	if w, ok := rememberedWait(t, th); ok {
		r.sockets = append(r.sockets, w)
		return nil
	}
	left := max(0, time.Duration(th.Pending.Remaining)-ago)
	regs := &th.Regs
	if th.Pending.Nr < 0 || int64(regs.OrigRax) != int64(th.Pending.Nr) {
		return nil
	}
	switch th.Pending.Nr {
	case unix.SYS_NANOSLEEP:
		return r.sleepOn(t, th, [6]uint64{t.Put(0, timespec(left)), regs.Rsi})
	case unix.SYS_CLOCK_NANOSLEEP:
		return r.sleepOn(t, th, [6]uint64{regs.Rdi, 0, t.Put(0, timespec(left)), regs.R10})
	}
	if r.p.shorten(regs, left) && th.Pending.Nr != unix.SYS_POLL {
		r.waits = append(r.waits, wait{t, th.Pending.Nr, *limitOf(regs), time.Now().Add(left)})
	}
	return nil
}

// limitOf is the register that says where the time of a call is.
func limitOf(r *image.Regs) *uint64 {
	if r.OrigRax == unix.SYS_RT_SIGTIMEDWAIT {
		return &r.Rdx
	}
	return &r.R10
}

// sleepOn plants the sleep in the kernel's memory of the thread, as if it had been
// begun at home: the kernel itself goes on with it or tells what is left.
func (r *returning) sleepOn(t *tracee.Thread, th *image.Thread, args [6]uint64) error {
	done, err := r.h.Sleep(t, th.Pending.Nr, args)
	if err != nil {
		return err
	}
	if th.Regs.Rax = minus(restartBlock); done {
		th.Regs.Rax, th.Regs.OrigRax = 0, ^uint64(0)
	}
	return nil
}

// minus is a negative result as a register holds it.
func minus(result int64) uint64 { return uint64(result) }

func timespec(d time.Duration) []byte {
	b := make([]byte, 16)
	le.PutUint64(b, uint64(d/time.Second))
	le.PutUint64(b[8:], uint64(d%time.Second))
	return b
}
