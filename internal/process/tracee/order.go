package tracee

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Restore makes signals pending again that are older than what has become
// pending since, and are to be taken first. Others go on sending meanwhile, and
// the kernel only lets a signal be put behind. But a thread takes its own signals
// before the process's: so real-time signals are given to the thread that is
// going to take them. What has no such thread is put behind what is taken out and
// put back; if one more arrives just then and comes first, this is done again.
func (h *Hold) Restore(ts []*Thread, ths []image.Thread, older []Pending) error {
	p := h.Proc
	var slow []Pending
	var set uint64
	first := map[*Thread][]Pending{}
	for _, one := range older {
		sig := one.Signal()
		if sig >= firstRealTime && one.Own == 0 {
			if t := p.taker(ts, ths, sig); t != nil {
				first[t] = append(first[t], one)
				continue
			}
		}
		slow = append(slow, one)
		if sig >= 1 && sig <= signals {
			set |= 1 << (sig - 1)
		}
	}
	if err := h.restoreBehind(ts, slow, set); err != nil {
		return err
	}
	for t, list := range first {
		for _, one := range list {
			if err := t.QueueSignal(one.Info, true); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	// restoreTries bounds how often it is tried to be faster than somebody who sends.
	restoreTries = 64
	// stream is from how many signals on they come without end: each try takes longer than
	// the one before, as there is more to put back. Less is what a program sends at once, and
	// it comes to its end; then the order is right.
	stream = 256
)

func (h *Hold) restoreBehind(ts []*Thread, list []Pending, set uint64) error {
	p := h.Proc
	before := len(list)
	for try := 0; set != 0 && try < restoreTries; try++ {
		latest, err := p.TakePending(ts, set)
		if err != nil {
			return err
		}
		list = MergeAllTimers(merge(list, latest)) // a timer at home has gone off once more meanwhile
		// Who sends faster than this puts back, and does not end, is outrun by a single thread:
		// it takes its own first, for once also before lower numbers that come now.
		endless := len(list)-before > stream || try == restoreTries-1
		if endless && len(ts) == 1 {
			return p.requeueOwn(ts[0], list)
		}
		if err := p.Requeue(ts, list); err != nil {
			return err
		}
		if ok, err := h.inOrder(ts, list); ok || endless || err != nil {
			return err
		}
	}
	return nil
}

func (p *Process) requeueOwn(t *Thread, list []Pending) error {
	for _, one := range list {
		if err := t.QueueSignal(one.Info, one.Own != 0 || one.Signal() >= firstRealTime); err != nil {
			return err
		}
	}
	return nil
}

// merge is the list, and behind it what was taken and is not of the list.
func merge(list, taken []Pending) []Pending {
	ours := map[Pending]int{}
	for _, one := range list {
		ours[one]++
	}
	all := append([]Pending(nil), list...)
	for _, one := range taken {
		if ours[one] > 0 {
			ours[one]--
			continue
		}
		all = append(all, one)
	}
	return all
}

// inOrder tells whether the real-time signals of a list, which have just been
// queued, are the first of their kind. Of others only one is ever queued.
func (h *Hold) inOrder(ts []*Thread, list []Pending) (bool, error) {
	want := map[int][][128]byte{}
	for _, one := range list {
		if sig := one.Signal(); sig >= firstRealTime && one.Own == 0 {
			want[sig] = append(want[sig], one.Info)
		}
	}
	if len(want) == 0 {
		return true, nil
	}
	if err := h.Unpark(ts[0]); err != nil {
		return false, err
	}
	var have []ptrace.SigInfo
	h.Do(func() {
		have, _ = ptrace.PendingSignals(ts[0].TID, true)
		_ = ptrace.Continue(ts[0].TID, 0)
	})
	for _, info := range have {
		w := want[info.Signal()]
		if len(w) == 0 {
			continue
		}
		if w[0] != info {
			return false, nil
		}
		want[info.Signal()] = w[1:]
	}
	return true, nil
}

const firstRealTime = 32

// Signal is its number.
func (one *Pending) Signal() int { return int(int32(le.Uint32(one.Info[:]))) }

// taker is the thread that is going to take a signal of the process when the
// threads go on: one that waits for it by name, or does not block it (but while it runs its
// handler). Where all block it the lower number is to be taken first, whenever it came.
func (p *Process) taker(ts []*Thread, ths []image.Thread, sig int) *Thread {
	var found *Thread
	for i := range ths {
		r := &ths[i].Regs
		code := int64(r.Rax)
		if r.OrigRax == unix.SYS_RT_SIGTIMEDWAIT && code <= -512 && code >= restartBlock {
			var set [8]byte
			if p.Mem.Read(r.Rdi, set[:]) == nil && le.Uint64(set[:])>>(sig-1)&1 != 0 {
				return ts[i]
			}
		}
		if found == nil && (ths[i].Mask>>(sig-1)&1 == 0 || p.handling(&ths[i], 1<<(sig-1)) != 0) {
			found = ts[i]
		}
	}
	return found
}
