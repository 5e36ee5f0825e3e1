package tracee

import (
	"encoding/binary"
	"fmt"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

const codeSegment64 = 0x33

// Save reads all that ptrace tells of stopped, held threads, before they are
// parked. A thread inside a restartable sequence is put at its abort address,
// as the kernel would have done at the next preemption.
func (h *Hold) Save(ts []*Thread) ([]image.Thread, error) {
	out, err := h.read(ts)
	if err != nil {
		return nil, err
	}
	return out, putBefore(ts, out)
}

// SaveOutside is Save of threads of which none has to step out of the vDSO, as is nearly always so; else
// it does nothing, and outsideAll is false. So one request does for StepOut and Save.
func (h *Hold) SaveOutside(ts []*Thread, vdso []image.Range) (saved []image.Thread, outsideAll bool, err error) {
	out, err := h.read(ts)
	if err != nil {
		return nil, false, err
	}
	for i := range out {
		if !outside(vdso, &out[i].Regs) {
			return nil, false, nil
		}
	}
	return out, true, putBefore(ts, out)
}

func (h *Hold) read(ts []*Thread) ([]image.Thread, error) {
	out := make([]image.Thread, len(ts))
	var err error
	h.Do(func() {
		for i, t := range ts {
			if out[i], err = saveOne(t); err != nil {
				return
			}
		}
	})
	return out, err
}

// putBefore has threads that were saved begin again what their stop has broken off.
func putBefore(ts []*Thread, out []image.Thread) error {
	for i, t := range ts {
		t.recall(&out[i].Regs)
		RepeatShort(&out[i].Regs)
		if err := abortSequence(t.Proc, &out[i]); err != nil {
			return err
		}
	}
	return nil
}

// RepeatShort has a thread make a call again that the stop cut short, and tells
// whether there is one. Random bytes in the buffer do no harm, but without a
// handler nothing may show that there was a stop: getrandom(2).
func RepeatShort(r *image.Regs) bool {
	if int64(r.OrigRax) != unix.SYS_GETRANDOM || int64(r.Rax) < 0 || r.Rax >= r.Rsi {
		return false
	}
	r.Rax = uint64(0xffff_ffff_ffff_ffff - 512) // -ERESTARTNOINTR
	return true
}

func saveOne(t *Thread) (image.Thread, error) {
	th := image.Thread{TID: t.Own, Pending: image.Pending{Nr: -1}}
	var err error
	if th.Regs, err = ptrace.Regs(t.TID); err != nil {
		return th, fmt.Errorf("read registers of %d: %w", t.TID, err)
	}
	if th.Regs.Cs != codeSegment64 {
		return th, fmt.Errorf("thread %d runs 32-bit code", t.TID)
	}
	if th.XState, err = ptrace.XState(t.TID); err != nil {
		return th, fmt.Errorf("read vector registers of %d: %w", t.TID, err)
	}
	if th.Mask, err = ptrace.SigMask(t.TID); err != nil {
		return th, fmt.Errorf("read signal mask of %d: %w", t.TID, err)
	}
	if th.Rseq, err = ptrace.RseqConfig(t.TID); err != nil {
		return th, fmt.Errorf("read rseq of %d: %w", t.TID, err)
	}
	if th.Robust, th.RobustLen, err = ptrace.RobustList(t.TID); err != nil {
		return th, fmt.Errorf("read robust list of %d: %w", t.TID, err)
	}
	return th, nil
}

// abortSequence applies the rule of rseq(2): a thread that loses the CPU inside
// a critical section goes on at its abort handler. The kernel clears the
// pointer as soon as the thread runs anything else, so this is done first.
func abortSequence(p *Process, th *image.Thread) error {
	if th.Rseq.Addr == 0 {
		return nil
	}
	const csField = 8 // offsetof(struct rseq, rseq_cs)
	var b [8]byte
	if err := p.Mem.Read(th.Rseq.Addr+csField, b[:]); err != nil {
		return err
	}
	cs := binary.LittleEndian.Uint64(b[:])
	if cs == 0 {
		return nil
	}
	var d [32]byte // struct rseq_cs: version, flags, start_ip, post_commit_offset, abort_ip
	if err := p.Mem.Read(cs, d[:]); err != nil {
		return nil // a bad pointer is the program's own doing; the kernel will tell it
	}
	start, length := binary.LittleEndian.Uint64(d[8:]), binary.LittleEndian.Uint64(d[16:])
	if th.Regs.Rip-start >= length {
		return nil
	}
	th.Regs.Rip = binary.LittleEndian.Uint64(d[24:])
	return p.Mem.Write(th.Rseq.Addr+csField, make([]byte, 8))
}

// SetThreads gives stopped, held threads their registers, vector registers and masks.
func (h *Hold) SetThreads(ts []*Thread, ths []image.Thread) error {
	var err error
	h.Do(func() { err = setAll(ts, ths) })
	return err
}

// SetFree is SetThreads for threads that leave the slots in which they have been, for good.
func (h *Hold) SetFree(ts []*Thread, ths []image.Thread) error {
	var err error
	var left []*stub.Slot
	h.Do(func() {
		if err = setAll(ts, ths); err != nil {
			return
		}
		for _, t := range ts {
			left = append(left, t.Slot)
			t.Slot = nil
		}
	})
	for _, slot := range left {
		h.Proc.Slots.Free(slot)
	}
	return err
}

func setAll(ts []*Thread, ths []image.Thread) error {
	var err error
	for i, t := range ts {
		if e := setOne(t, &ths[i]); e != nil && err == nil {
			err = e
		}
	}
	return err
}

func setOne(t *Thread, th *image.Thread) error {
	r := th.Regs
	if err := ptrace.SetRegs(t.TID, r); err != nil {
		return fmt.Errorf("set registers of %d: %w", t.TID, err)
	}
	if err := ptrace.SetXState(t.TID, th.XState); err != nil {
		return fmt.Errorf("set vector registers of %d: %w", t.TID, err)
	}
	if err := ptrace.SetSigMask(t.TID, th.Mask); err != nil {
		return fmt.Errorf("set signal mask of %d: %w", t.TID, err)
	}
	return nil
}
