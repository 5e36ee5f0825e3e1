package tracee

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
)

// maxSteps is more than any path through the vDSO takes.
const maxSteps = 5000

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
	var mask uint64
	blocked := false
	for range maxSteps {
		var r image.Regs
		var err error
		out := false
		h.Do(func() {
			if r, err = ptrace.Regs(t.TID); err != nil {
				return
			}
			inCall := int64(r.OrigRax) >= 0 && int64(r.Rax) <= -512 && int64(r.Rax) >= -516
			if out = inCall || !inside(vdso, r.Rip); out {
				return
			}
			if !blocked {
				if mask, err = ptrace.SigMask(t.TID); err == nil {
					err = ptrace.SetSigMask(t.TID, blockAll)
				}
				blocked = true
			}
			if err == nil {
				t.told = true // if it stops for another reason, it is stepped on
				err = ptrace.SingleStep(t.TID)
			}
		})
		if err != nil {
			return err
		}
		if out {
			break
		}
		if err := h.awaitStep(t); err != nil {
			return err
		}
	}
	if !blocked {
		return nil
	}
	// A step ends in a trap, outside the kernel's signal handling.
	if err := h.Resync(t); err != nil {
		return err
	}
	var err error
	h.Do(func() { err = ptrace.SetSigMask(t.TID, mask) })
	return err
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
