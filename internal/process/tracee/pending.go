package tracee

import (
	"golang.org/x/sys/unix"
)

// Pending is one signal that waits for delivery.
type Pending struct {
	Own  int // the thread it is for, as the process knows it; 0: the whole process
	Info [128]byte
}

// siTkill is the si_code of what tgkill(2) has sent to one thread.
const siTkill = -6

// maxTaken bounds one taking: more arrive later, as if they were sent later.
const maxTaken = 1 << 16

// TakePending takes the signals of a set that are pending for parked threads
// out of the kernel's queues, in the order in which they would be delivered.
// All signals must be blocked.
func (p *Process) TakePending(ts []*Thread, set uint64) ([]Pending, error) {
	var out []Pending
	for _, t := range ts {
		for len(out) < maxTaken {
			st, err := p.Family.FS.ThreadStatus(p.PID, t.TID)
			if err != nil {
				return out, err
			}
			if (st.SigPnd|st.ShdPnd)&set == 0 {
				break
			}
			one := Pending{}
			if st.SigPnd&set != 0 { // a thread's own come before the process's
				one.Own = t.Own
			}
			const setOff, infoOff, timeOff = 0, 64, 256
			b := make([]byte, 8)
			le.PutUint64(b, set)
			now := t.Put(timeOff, make([]byte, 16))
			ret, err := t.Call(unix.SYS_RT_SIGTIMEDWAIT, t.Put(setOff, b), t.WindowAddr()+infoOff, now, 8)
			if err != nil {
				return out, err
			}
			if ret <= 0 {
				break // EAGAIN: it went the way of its kind (SIGCONT and the stops remove each other)
			}
			copy(one.Info[:], t.Get(infoOff, len(one.Info)))
			if again(out, &one) {
				set &^= 1 << (one.Signal() - 1)
				continue
			}
			if int32(le.Uint32(one.Info[8:])) == siTkill { // it came after the look
				one.Own = t.Own
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// again tells whether a timer's signal has been taken already, and counts it as an overrun. A timer has one pending, so it
// has gone off since, and all that was pending of this number is taken. One with a short interval goes off
// for ever, as it is started anew when its signal is taken.
func again(taken []Pending, one *Pending) bool {
	if !one.isTimer() {
		return false
	}
	for i := range taken {
		if first := &taken[i]; first.isTimer() && first.timer() == one.timer() && first.Signal() == one.Signal() {
			first.addOverrun(1 + one.overrun())
			return true
		}
	}
	return false
}

// Requeue makes taken signals pending again.
func (p *Process) Requeue(ts []*Thread, list []Pending) error {
	for _, one := range list {
		t := ts[0]
		direct := false
		for _, x := range ts {
			if one.Own != 0 && x.Own == one.Own {
				t, direct = x, true
			}
		}
		if err := t.QueueSignal(one.Info, direct); err != nil {
			return err
		}
	}
	return nil
}

// Waitable is the signal of a child's end, stop or going on that the process can wait for; t is
// parked. found is false if there is none.
func (t *Thread) Waitable() (one Pending, found bool, err error) {
	const infoOff, pidAt, everyone = 64, 16, 0 // P_ALL
	at := t.Put(infoOff, make([]byte, len(one.Info)))
	ret, err := t.Call(unix.SYS_WAITID, everyone, 0, at, unix.WEXITED|unix.WSTOPPED|unix.WCONTINUED|unix.WNOHANG|unix.WNOWAIT, 0)
	if err != nil || ret < 0 {
		return one, false, err
	}
	copy(one.Info[:], t.Get(infoOff, len(one.Info)))
	return one, le.Uint32(one.Info[pidAt:]) != 0, nil
}
