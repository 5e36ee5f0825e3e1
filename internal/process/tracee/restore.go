package tracee

import (
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// RestoreThread makes a parked thread what the image says, except for
// registers and mask: see SetThreads. It has no rseq registration yet.
func (t *Thread) RestoreThread(th *image.Thread) error {
	if th.Rseq.Addr != 0 {
		if _, err := t.Must("register rseq", unix.SYS_RSEQ, th.Rseq.Addr, uint64(th.Rseq.Size), 0, uint64(th.Rseq.Sig)); err != nil {
			return err
		}
	}
	if _, err := t.Must("set the robust list", unix.SYS_SET_ROBUST_LIST, th.Robust, robustHeadSize); err != nil {
		return err
	}
	if _, err := t.Call(unix.SYS_SET_TID_ADDRESS, th.ClearTID); err != nil {
		return err
	}
	const onStack = 1 // SS_ONSTACK describes the moment, it cannot be set
	b := make([]byte, 24)
	le.PutUint64(b, th.AltStack.SP)
	le.PutUint32(b[8:], th.AltStack.Flags&^onStack)
	le.PutUint64(b[16:], th.AltStack.Size)
	if _, err := t.Must("set the alternate signal stack", unix.SYS_SIGALTSTACK, t.Put(0, b), 0); err != nil {
		return err
	}
	return t.restoreAttributes(th)
}

// restoreAttributes sets what prctl(2) keeps for each thread in both halves; its name, if the image has one.
func (t *Thread) restoreAttributes(th *image.Thread) error {
	if th.Name != "" {
		name := make([]byte, nameSize)
		copy(name[:nameSize-1], th.Name)
		if _, err := t.Must("set the thread's name", unix.SYS_PRCTL, unix.PR_SET_NAME, t.Put(0, name)); err != nil {
			return err
		}
	}
	if th.Slack == 0 { // a real-time thread has none; 0 would mean the default
		return nil
	}
	_, err := t.Must("set the timer slack", unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, th.Slack)
	return err
}

// RestoreNoHuge sets whether the process's memory may be of huge pages. A part of the answer
// of PR_GET_THP_DISABLE are the flags with which it was set, which older kernels have not:
// then there are none at all.
func (t *Thread) RestoreNoHuge(img *image.Image) error {
	if img.NoHugePages == 0 {
		return nil
	}
	const set = 1
	if r, err := t.Call(unix.SYS_PRCTL, unix.PR_SET_THP_DISABLE, set, uint64(img.NoHugePages)&^set, 0, 0); err != nil || r == 0 {
		return err
	}
	_, err := t.Must("do without huge pages", unix.SYS_PRCTL, unix.PR_SET_THP_DISABLE, set, 0, 0, 0)
	return err
}

// RestoreActions sets the signal actions in which the image differs from have.
func (t *Thread) RestoreActions(have, want *[65]image.Action) error {
	for s := 1; s <= signals; s++ {
		if s == sigKill || s == sigStop || have[s] == want[s] {
			continue
		}
		if _, err := t.Must("set a signal action", unix.SYS_RT_SIGACTION, uint64(s), t.Put(0, actionBytes(want[s])), 0, 8); err != nil {
			return err
		}
	}
	return nil
}

func actionBytes(a image.Action) []byte {
	b := make([]byte, 32)
	le.PutUint64(b, a.Handler)
	le.PutUint64(b[8:], a.Flags)
	le.PutUint64(b[16:], a.Restorer)
	le.PutUint64(b[24:], a.Mask)
	return b
}

// SetLayout tells the kernel where the process's parts are: PR_SET_MM_MAP of
// prctl(2). The heap's end can be moved only while nothing is mapped behind
// it, so this comes when the mappings are in place.
func (t *Thread) SetLayout(l image.Layout) error {
	b := make([]byte, 104) // struct prctl_mm_map
	for i, v := range []uint64{l.StartCode, l.EndCode, l.StartData, l.EndData, l.StartBrk, l.Brk, l.StartStack, l.ArgStart, l.ArgEnd, l.EnvStart, l.EnvEnd} {
		le.PutUint64(b[8*i:], v)
	}
	const noExe = 0xffffffff
	le.PutUint32(b[100:], noExe)
	_, err := t.Must("set the memory layout", unix.SYS_PRCTL, unix.PR_SET_MM, unix.PR_SET_MM_MAP, t.Put(0, b), uint64(len(b)), 0)
	return err
}

// QueueSignal makes a signal pending for the thread (or the process) with
// exactly this siginfo. A process may queue any siginfo to itself; nobody else
// may: rt_sigqueueinfo(2). The kernel asks for the caller's own thread id, for
// the process's signals as well; any thread's id stands for its process there.
// All signals must be blocked.
func (t *Thread) QueueSignal(info [128]byte, toThread bool) error {
	sig := uint64(le.Uint32(info[:]))
	const off = stub.WindowSize - 256 // what a deputy's interrupted wait goes on with lies at the beginning
	a := t.Put(off, info[:])
	if toThread {
		_, err := t.Must("queue a signal", unix.SYS_RT_TGSIGQUEUEINFO, t.Proc.inner(), t.inner(), sig, a)
		return err
	}
	_, err := t.Must("queue a signal", unix.SYS_RT_SIGQUEUEINFO, t.inner(), sig, a)
	return err
}

// inner is the process's id as the kernel knows it in its namespace.
func (p *Process) inner() uint64 {
	if l := p.Leader(); l != nil {
		return l.inner()
	}
	return uint64(p.Own)
}

// inner is the thread's id as the kernel knows it in its namespace.
func (t *Thread) inner() uint64 {
	if t.Inner != 0 {
		return uint64(t.Inner)
	}
	return uint64(t.Own)
}
