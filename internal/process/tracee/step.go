package tracee

import (
	"fmt"
	"time"

	"openmosix/internal/linux/nap"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

const (
	// stepsInARow is more than any path through the vDSO takes, but for one that waits: what
	// tells the time begins anew when the kernel has set its clock meanwhile, every few
	// milliseconds, and a way of slow steps may never be done in between.
	stepsInARow = 200
	// freeRun is for how long the thread runs by itself then, and mostRuns how often.
	freeRun  = 50 * time.Microsecond
	mostRuns = 50
)

// StepOut lets stopped, held threads run out of the vDSO, one instruction at a
// time with all signals blocked: elsewhere other code may stand in its place.
// And in a time namespace the vDSO reads a page
// that exists nowhere else, and a thread may hold a pointer to it.
func (h *Hold) StepOut(ts []*Thread, vdso []image.Range) error {
	for _, t := range ts {
		if err := h.stepOne(t, vdso); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hold) stepOne(t *Thread, vdso []image.Range) error {
	s := stepping{h: h, t: t, vdso: vdso}
	out, err := s.steps()
	for runs := 0; err == nil && !out && runs < mostRuns; runs++ {
		if err = h.runFreely(t, freeRun*time.Duration(1+runs%4)); err == nil {
			out, err = s.steps()
		}
	}
	if err != nil {
		return err
	}
	if s.blocked {
		// A step ends in a trap, outside the kernel's signal handling.
		if err := h.Resync(t); err != nil {
			return err
		}
		h.Do(func() { err = ptrace.SetSigMask(t.TID, s.mask) })
	}
	if err == nil && !out {
		err = fmt.Errorf("%w: it does not come out of the kernel's own code", ErrSlow)
	}
	return err
}

// runFreely lets a thread run for a moment, but make no call: it has another mask of signals than
// the program knows, which could ask for it, or change it. A call that it is about to make is a
// sched_yield, which every filter lets pass, and then it stands before the call again.
func (h *Hold) runFreely(t *Thread, moment time.Duration) error {
	var err error
	h.Do(func() { err = ptrace.ContinueToSyscall(t.TID, 0) })
	if err != nil {
		return err
	}
	nap.For(moment)
	h.Do(t.interrupt)
	var before *image.Regs
	err = h.awaitInterrupted(t, func() {
		if r, e := ptrace.Regs(t.TID); e == nil && before == nil {
			call := r
			before = &call
			r.OrigRax = unix.SYS_SCHED_YIELD
			_ = ptrace.SetRegs(t.TID, r)
		}
		t.insist()
		_ = ptrace.Continue(t.TID, 0)
	})
	if err != nil || before == nil {
		return err
	}
	h.Do(func() { err = ptrace.SetRegs(t.TID, beforeCall(*before)) })
	return err
}

// stepping is one thread on its way out of the vDSO.
type stepping struct {
	h       *Hold
	t       *Thread
	vdso    []image.Range
	mask    uint64 // as it was
	blocked bool   // all signals are
}

// steps makes some steps; out: the thread is outside.
func (s *stepping) steps() (out bool, err error) {
	h, t := s.h, s.t
	for range stepsInARow {
		h.Do(func() {
			var r image.Regs
			if r, err = ptrace.Regs(t.TID); err != nil {
				return
			}
			if out = outside(s.vdso, &r); out {
				return
			}
			if !s.blocked {
				if s.mask, err = ptrace.SigMask(t.TID); err == nil {
					err = ptrace.SetSigMask(t.TID, blockAll)
				}
				s.blocked = true
			}
			if err == nil {
				t.told = true // if it stops for another reason, it is stepped on
				err = ptrace.SingleStep(t.TID)
			}
		})
		if err != nil || out {
			return out, err
		}
		if err := h.awaitStep(t); err != nil {
			return false, err
		}
	}
	return false, nil
}

// outside tells whether a thread is outside the vDSO, or in a call from there, which is made again.
func outside(vdso []image.Range, r *image.Regs) bool {
	inCall := int64(r.OrigRax) >= 0 && int64(r.Rax) <= -512 && int64(r.Rax) >= -516
	return inCall || !inside(vdso, r.Rip)
}

func inside(rs []image.Range, addr uint64) bool {
	for _, r := range rs {
		if addr >= r.Start && addr < r.End {
			return true
		}
	}
	return false
}

// VDSO is where a process has its vDSO; an empty list when it has none.
func VDSO(vmas []image.VMA) []image.Range {
	for i := range vmas {
		if vmas[i].Name == "[vdso]" {
			return []image.Range{vmas[i].Range}
		}
	}
	return nil
}

// awaitStep waits for the trap that ends a step. An Interrupted stop may come
// before; the trap is then still to be taken, or the program would get it.
func (h *Hold) awaitStep(t *Thread) error {
	for {
		s, err := h.await(t, stepLimit)
		if err != nil || s.Kind != ptrace.Interrupted {
			return err
		}
		h.Do(func() { err = ptrace.SingleStep(t.TID) })
		if err != nil {
			return err
		}
	}
}
