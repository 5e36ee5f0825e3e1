package tracee

import (
	"testing"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// parked is a program's thread in the stub, with all signals blocked.
func parked(t *testing.T) *Thread {
	o, _ := subject(t)
	h, err := o.p.Freeze(5*time.Second, DeliverNatively, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ts := h.Threads()
	h.Do(func() { err = ptrace.SetSigMask(ts[0].TID, blockAll) })
	if err == nil {
		err = h.MapStub(ts[0])
	}
	if err == nil {
		err = h.Park(ts...)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(o.p.PID, unix.SIGKILL)
		h.Release()
	})
	return ts[0]
}

// burn has a parked thread use CPU time.
func burn(t *testing.T, x *Thread, nanos int64) {
	t.Helper()
	const own = 2 // CLOCK_PROCESS_CPUTIME_ID
	begun, err := x.clock(own)
	for now := begun; err == nil && now < begun+nanos; {
		now, err = x.clock(own)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What is left of a timer, and how often it has gone off, is told exactly.
func TestTimersStandStill(t *testing.T) {
	x := parked(t)
	p, ts := x.Proc, []*Thread{x}
	const period, sig = int64(10e6), 40
	list := []image.CPUTimer{
		{ID: 5, Signal: sig, Value: 77, Left: period, Interval: period},
		{ID: 9, Thread: x.Own, Way: image.ToNobody, Left: 1e12},
		{ID: 12, Thread: x.Own, Way: image.ToThread, Target: x.Own, Signal: sig + 1, Left: period / 2},
		{ID: 13, Thread: x.Own + 1, Signal: sig},
	}
	for i := range list {
		if ended, err := x.MakeTimer(&list[i]); err != nil || ended != (i == 3) {
			t.Fatalf("timer %d: %v %v", list[i].ID, ended, err)
		}
	}
	list = list[:3]
	if err := x.StartTimers(list); err != nil {
		t.Fatal(err)
	}
	burn(t, x, 5*period/2)
	live, taken, err := p.StopTimers(ts, list, nil)
	if err != nil || len(live) != 3 {
		t.Fatalf("%+v %v", live, err)
	}
	used := int64(1e12) - live[1].Left
	if used < 5*period/2 || used > 10*period {
		t.Errorf("the timers say that %d ns have been used", used)
	}
	times := map[int32]int64{}
	taken = MergeTimers(live, taken)
	for _, one := range taken {
		times[one.timer()] += int64(1 + one.overrun())
	}
	const slack = 1e6 // between the looks at two timers
	if at := times[5]*period + period - live[0].Left; at < used-slack || at > used+slack {
		t.Errorf("after %d ns timer 5 has gone off %d times and has %d ns left", used, times[5], live[0].Left)
	}
	if times[12] != 1 || live[2].Left != 0 || len(taken) != 2 {
		t.Errorf("%+v, and these signals: %v", live, taken)
	}
	if v := le.Uint64(taken[0].Info[valueAt:]); taken[0].timer() == 5 && (v != 77 || taken[0].Own != 0) {
		t.Errorf("its signal says %d, for thread %d", v, taken[0].Own)
	}
	burn(t, x, 3*period)
	if st, err := p.Family.FS.Status(p.PID); err != nil || (st.SigPnd|st.ShdPnd)>>(sig-1)&3 != 0 {
		t.Errorf("one does not stand still: %+v %v", st, err)
	}
}

// A timer made for its maker's time does not say whose that is.
func TestWhoseTimer(t *testing.T) {
	x := parked(t)
	if _, err := x.makeTimer(cpuclock.Clock{Thread: true}, x.sigevent(&image.CPUTimer{Way: image.ToNobody}), 0); err != nil {
		t.Fatal(err)
	}
	list, err := x.Proc.CPUTimers([]*Thread{x})
	if err != nil || len(list) != 1 || list[0].Thread != unknownThread {
		t.Fatalf("%+v %v", list, err)
	}
	live, _, err := x.Proc.StopTimers([]*Thread{x}, list, nil)
	if err != nil || live[0].Thread != x.Own {
		t.Errorf("%+v %v", live, err)
	}
}

// An older kernel counts the numbers of timers up.
func TestNumbersCountedUp(t *testing.T) {
	x := parked(t)
	event := x.sigevent(&image.CPUTimer{Way: image.ToNobody})
	for _, id := range []int32{0, 7, 8, 300} {
		if err := x.countUpTo(id, cpuclock.Clock{}, event); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.countUpTo(200, cpuclock.Clock{}, event); err == nil {
		t.Error("a number below the last one")
	}
	if list, err := x.Proc.CPUTimers([]*Thread{x}); err != nil || len(list) != 4 || list[3].ID != 300 {
		t.Errorf("%+v %v", list, err)
	}
}

// A timer has one signal pending.
func TestMergeTimers(t *testing.T) {
	signal := func(id, overrun int32, code int32) (one Pending) {
		le.PutUint32(one.Info[8:], uint32(code))
		le.PutUint32(one.Info[timerIDAt:], uint32(id))
		one.addOverrun(overrun)
		return one
	}
	all := []Pending{signal(1, 2, siTimer), signal(2, 0, siTimer), signal(1, 5, -1), signal(1, 3, siTimer), signal(2, 0, siTimer), signal(1, 0, siTimer)}
	got := MergeTimers([]image.CPUTimer{{ID: 1}}, all)
	want := []Pending{signal(1, 7, siTimer), signal(2, 0, siTimer), signal(1, 5, -1), signal(2, 0, siTimer)}
	if len(got) != len(want) {
		t.Fatalf("%d signals", len(got))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("signal %d: timer %d, %d times more", i, got[i].timer(), got[i].overrun())
		}
	}
	if got = MergeAllTimers(all); len(got) != 3 || got[0] != want[0] || got[1] != signal(2, 1, siTimer) || got[2] != want[2] {
		t.Errorf("of all timers: %+v", got)
	}
}
