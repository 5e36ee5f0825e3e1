package tracee

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// observer is a role that lets everything go on as it would.
type observer struct {
	f *Family
	p *Process
}

func (o *observer) Stopped(t *Thread, s ptrace.Stop) {
	sig := 0
	if s.Kind == ptrace.Signal {
		sig = s.Value
	}
	_ = ptrace.Continue(t.TID, sig)
}

func (o *observer) Born(s ptrace.Stop) {
	if s.Gone() {
		return
	}
	if _, held := o.f.Adopt(o.p, s, s.TID); !held {
		_ = ptrace.Continue(s.TID, 0)
	}
}

func (o *observer) Gone(*Thread, ptrace.Stop) {}

// subject starts a program that answers each line with how many it has read,
// and traces it.
func subject(t *testing.T) (*observer, func(string) string) {
	if os.Geteuid() != 0 {
		t.Skip("tracing other processes needs root here")
	}
	cmd := exec.Command("/bin/sh", "-c", `n=0; while read x; do n=$((n+1)); echo "$x $n"; done`)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &observer{}
	o.f = NewFamily(o)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = in.Close()
		for range 1000 { // a later test's loop must not be told of this process
			if o.p == nil || o.p.Leader() == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		o.f.Loop.Close()
	})
	pid := cmd.Process.Pid
	if o.p, err = o.f.NewProcess(pid, pid); err != nil {
		t.Fatal(err)
	}
	o.f.Loop.Do(func() {
		if err = o.f.Loop.Seize(pid, ptrace.SysGood|ptrace.TraceClone); err == nil {
			o.f.AddThread(o.p, pid, pid, nil)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	return o, func(word string) string {
		if _, err := fmt.Fprintln(in, word); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatalf("the program has ended: %v", lines.Err())
		}
		return lines.Text()
	}
}

// A process that was frozen, served calls through the stub and let go does not
// know of it, and nothing of the stub is left in it.
func TestStubLeavesNoTrace(t *testing.T) {
	o, ask := subject(t)
	if got := ask("before"); got != "before 1" {
		t.Fatal(got)
	}
	for round := range 20 {
		h, err := o.p.Freeze(5*time.Second, DeliverNatively, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		ts := h.Threads()
		saved, err := h.Save(ts)
		if err != nil {
			t.Fatal(err)
		}
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
		if pid, err := ts[0].Call(unix.SYS_GETPID); err != nil || int(pid) != o.p.PID {
			t.Fatalf("getpid in the stub: %d %v", pid, err)
		}
		var img image.Image
		if err := ts[0].CaptureProcess(&img); err != nil || img.Layout.Brk == 0 || img.Monotonic == 0 {
			t.Fatalf("capture: %+v %v", img.Layout, err)
		}
		if err := h.LeaveStub(ts, saved); err != nil {
			t.Fatal(err)
		}
		h.Release()
		want := fmt.Sprintf("word %d", round+2)
		if got := ask("word"); got != want {
			t.Fatalf("after round %d: %q, want %q", round, got, want)
		}
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", o.p.PID))
	if err != nil || strings.Contains(string(maps), "openmosix") {
		t.Errorf("the stub is still mapped (%v):\n%s", err, maps)
	}
}

// A deputy's thread outlives the memory of its rseq registration: while a process
// comes home its mappings are made anew around the parked threads.
func TestParkedThreadNeedsNoRseqMemory(t *testing.T) {
	o, _ := subject(t)
	h, err := o.p.Freeze(5*time.Second, DeliverNatively, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ts := h.Threads()
	saved, err := h.Save(ts)
	if err != nil {
		t.Fatal(err)
	}
	rseq := saved[0].Rseq
	if rseq.Addr == 0 {
		t.Skip("the C library here registers no rseq")
	}
	h.Do(func() { err = ptrace.SetSigMask(ts[0].TID, blockAll) })
	if err == nil {
		err = h.MapStub(ts[0])
	}
	if err == nil {
		err = h.Park(ts...)
	}
	if err == nil {
		err = ts[0].Disarm(rseq)
	}
	if err == nil {
		_, err = ts[0].Must("unmap", unix.SYS_MUNMAP, rseq.Addr&^(image.PageSize-1), image.PageSize)
	}
	if err != nil {
		t.Fatal(err)
	}
	for try := range 10 { // the kernel looks when it has taken the CPU from the thread
		var one unix.CPUSet
		one.Set(try % runtime.NumCPU())
		if err := unix.SchedSetaffinity(ts[0].TID, &one); err != nil {
			t.Fatal(err)
		}
		if pid, err := ts[0].Call(unix.SYS_GETPID); err != nil || int(pid) != o.p.PID {
			t.Fatalf("getpid in the stub: %d %v", pid, err)
		}
	}
	_ = unix.Kill(o.p.PID, unix.SIGKILL)
	h.Release()
}

// A parked thread that has met a signal all the same makes its calls, and the
// signal is pending afterwards.
func TestParkedThreadMeetsASignal(t *testing.T) {
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
	if err == nil {
		err = h.Unpark(ts...)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.Do(func() {
		_ = ptrace.SetSigMask(ts[0].TID, 0)
		_ = unix.Kill(o.p.PID, unix.SIGALRM)
		_ = ptrace.Continue(ts[0].TID, 0)
	})
	for range 2 {
		if pid, err := ts[0].Call(unix.SYS_GETPID); err != nil || int(pid) != o.p.PID {
			t.Fatalf("getpid in the stub: %d %v", pid, err)
		}
	}
	st, err := o.f.FS.Status(o.p.PID)
	if err != nil || (st.ShdPnd|st.SigPnd)>>(unix.SIGALRM-1)&1 == 0 {
		t.Errorf("the signal is not pending: %+v %v", st, err)
	}
	_ = unix.Kill(o.p.PID, unix.SIGKILL)
	h.Release()
}

// Two holds of one process exclude each other, and its death ends a hold.
func TestHoldsExcludeAndEnd(t *testing.T) {
	o, _ := subject(t)
	h, err := o.p.Freeze(5*time.Second, DeliverNatively, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.p.Freeze(time.Second, DeliverNatively, nil, nil); err == nil {
		t.Error("a held process could be frozen again")
	}
	if _, err := o.p.Leader().HoldOne(time.Second, DeliverNatively, nil); err == nil {
		t.Error("a thread of a held process could be held")
	}
	leader := o.p.Leader()
	if err := unix.Kill(o.p.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := h.awaitInterrupted(leader, leader.passOn); err != ErrGone {
		t.Errorf("waiting for a dead thread: %v", err)
	}
	if o.p.Leader() != nil || len(h.Threads()) != 0 {
		t.Error("the dead thread is still in the tables")
	}
	h.Release()
}

// What Ordered lets through is exactly what was asked for last.
func TestOrdered(t *testing.T) {
	th := &Thread{}
	if th.Ordered(1, [6]uint64{}) {
		t.Error("a call is ordered before any was asked for")
	}
	th.ordered.Store(&order{9, [6]uint64{1, 2}})
	for _, c := range []struct {
		nr   int
		args [6]uint64
		want bool
	}{{9, [6]uint64{1, 2}, true}, {9, [6]uint64{1, 3}, false}, {10, [6]uint64{1, 2}, false}} {
		if got := th.Ordered(c.nr, c.args); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestDataIsThere: whoever finds a thread in the tables finds what the role has of it.
func TestDataIsThere(t *testing.T) {
	f := NewFamily(&observer{})
	defer f.Loop.Close()
	p, err := f.NewProcess(os.Getpid(), os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Mem.Close()
	const threads = 1000
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; n < threads; {
			all := p.Threads()
			n = len(all)
			for _, t1 := range all {
				if own, ok := t1.Data().(*Thread); !ok || own != t1 {
					t.Error("a thread is found without what the role has of it")
					return
				}
			}
		}
	}()
	for i := range threads {
		f.AddThread(p, 1<<30+i, i, func(t *Thread) any { return t })
	}
	<-done
}

// TestGrown: a mapping is watched with all that it can have grown into since it was read.
func TestGrown(t *testing.T) {
	var now []procfs.Mapping
	for _, r := range []image.Range{{Start: 0x1000, End: 0x5000}, {Start: 0x9000, End: 0xa000}, {Start: 0xa000, End: 0xb000}, {Start: 0xffffffffff600000, End: 0xffffffffff601000}} {
		now = append(now, procfs.Mapping{Range: r})
	}
	for end, want := range map[uint64]uint64{
		0x5000: 0x9000, // it has not grown, and can
		0x3000: 0x9000, // it has
		0xa000: 0xa000,
		0xb000: 0xb000, // behind it there is the kernel alone
		0xc000: 0xc000, // it has gone
	} {
		if got := grown(end, now); got != want {
			t.Errorf("what ended at %#x reaches to %#x, not %#x", end, got, want)
		}
	}
	if got := grown(0x1000, nil); got != 0x1000 {
		t.Errorf("%#x", got)
	}
}
