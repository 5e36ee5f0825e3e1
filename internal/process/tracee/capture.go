package tracee

import (
	"encoding/binary"
	"fmt"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

var le = binary.LittleEndian

// CaptureThread asks a parked thread for what only it can tell.
func (t *Thread) CaptureThread(th *image.Thread) error {
	if _, err := t.Must("read the alternate signal stack", unix.SYS_SIGALTSTACK, 0, t.WindowAddr()); err != nil {
		return err
	}
	w := t.Get(0, 24)
	th.AltStack = image.AltStack{SP: le.Uint64(w), Flags: le.Uint32(w[8:]), Size: le.Uint64(w[16:])}
	if _, err := t.Must("read the thread's id address", unix.SYS_PRCTL, unix.PR_GET_TID_ADDRESS, t.WindowAddr()); err != nil {
		return err
	}
	th.ClearTID = le.Uint64(t.Get(0, 8))
	if _, err := t.Must("read the thread's name", unix.SYS_PRCTL, unix.PR_GET_NAME, t.WindowAddr()); err != nil {
		return err
	}
	th.Name = unix.ByteSliceToString(t.Get(0, nameSize))
	slack, err := t.Must("read the timer slack", unix.SYS_PRCTL, unix.PR_GET_TIMERSLACK)
	th.Slack = uint64(slack)
	return err
}

// nameSize is TASK_COMM_LEN, the final zero included.
const nameSize = 16

// Disarm takes from a deputy's thread what would make its exit write into the
// process's memory, which the deputy does not own while the guest is away. Its
// rseq registration has to go for another reason: whenever the kernel has taken the
// CPU from the thread it looks there, and where nothing is mapped just then, as
// while the process comes home, it kills: rseq(2).
func (t *Thread) Disarm(have image.Rseq) error {
	if _, err := t.Call(unix.SYS_SET_TID_ADDRESS, 0); err != nil {
		return err
	}
	if _, err := t.Must("clear the robust list", unix.SYS_SET_ROBUST_LIST, 0, robustHeadSize); err != nil {
		return err
	}
	if have.Addr == 0 {
		return nil
	}
	const unregister = 1
	_, err := t.Must("unregister rseq", unix.SYS_RSEQ, have.Addr, uint64(have.Size), unregister, uint64(have.Sig))
	return err
}

const robustHeadSize = 24

// CaptureProcess asks a parked thread for what belongs to the whole process.
func (t *Thread) CaptureProcess(img *image.Image) error {
	p := t.Proc
	st, err := p.Family.FS.Stat(p.PID)
	if err != nil {
		return err
	}
	status, err := p.Family.FS.Status(p.PID)
	if err != nil {
		return err
	}
	img.PID, img.Comm, img.Umask = p.Own, st.Comm, status.Umask
	img.Layout = st.Layout()
	brk, err := t.Call(unix.SYS_BRK, 0)
	if err != nil {
		return err
	}
	img.Layout.Brk = uint64(brk)
	if err := t.captureActions(img, status); err != nil {
		return err
	}
	if img.Monotonic, err = t.clock(unix.CLOCK_MONOTONIC); err != nil {
		return err
	}
	if img.Boottime, err = t.clock(unix.CLOCK_BOOTTIME); err != nil {
		return err
	}
	if img.Auxv, err = p.Family.FS.Auxv(p.PID); err != nil {
		return err
	}
	pers, err := t.Call(unix.SYS_PERSONALITY, 0xffffffff)
	if err != nil {
		return err
	}
	img.Personality = uint64(pers)
	huge, err := t.Must("read the use of huge pages", unix.SYS_PRCTL, unix.PR_GET_THP_DISABLE, 0, 0, 0, 0)
	if err != nil {
		return err
	}
	img.NoHugePages = uint8(huge)
	for i := range img.Limits {
		// By itself: prlimit(2) of another user's process needs a capability.
		if _, err := t.Must(fmt.Sprintf("read limit %d", i), unix.SYS_PRLIMIT64, 0, uint64(i), 0, t.WindowAddr()); err != nil {
			return err
		}
		w := t.Get(0, 16)
		img.Limits[i] = image.Limit{Cur: le.Uint64(w), Max: le.Uint64(w[8:])}
	}
	return nil
}

const (
	sigKill = 9
	sigStop = 19
	signals = 64
)

// captureActions reads the signal actions that are not the default ones.
func (t *Thread) captureActions(img *image.Image, st *procfs.Status) error {
	for s := 1; s <= signals; s++ {
		if s == sigKill || s == sigStop || (st.SigCgt|st.SigIgn)>>(s-1)&1 == 0 {
			continue
		}
		if _, err := t.Must("read a signal action", unix.SYS_RT_SIGACTION, uint64(s), 0, t.WindowAddr(), 8); err != nil {
			return err
		}
		w := t.Get(0, 32)
		img.Actions[s] = image.Action{Handler: le.Uint64(w), Flags: le.Uint64(w[8:]), Restorer: le.Uint64(w[16:]), Mask: le.Uint64(w[24:])}
	}
	return nil
}

func (t *Thread) clock(id int) (int64, error) {
	if _, err := t.Must("read a clock", unix.SYS_CLOCK_GETTIME, uint64(id), t.WindowAddr()); err != nil {
		return 0, err
	}
	w := t.Get(0, 16)
	return int64(le.Uint64(w))*1e9 + int64(le.Uint64(w[8:])), nil
}

// Since is how long ago an image was captured, by the process's own clock,
// which goes on from one node to the next.
func (t *Thread) Since(img *image.Image) (time.Duration, error) {
	now, err := t.clock(unix.CLOCK_MONOTONIC)
	return max(0, time.Duration(now-img.Monotonic)), err
}
