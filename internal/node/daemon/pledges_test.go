package daemon

import (
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"openmosix/internal/linux/pidfd"
	"openmosix/internal/linux/unixmsg/unixmsgtest"
	"openmosix/internal/model/supervisor"
)

// pledgeOf starts a process and makes a pledge of it; the other end of its first file
// tells whether that is held.
func pledgeOf(t *testing.T) (*exec.Cmd, *os.File, []*os.File) {
	t.Helper()
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	fd, err := pidfd.Open(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	return c, in, []*os.File{out, os.NewFile(uintptr(fd), "pidfd")}
}

func held(in *os.File) bool {
	_ = in.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	_, err := in.Read(make([]byte, 1))
	return os.IsTimeout(err)
}

// What a supervisor has pledged ends with it, and is held until it has.
func TestPledged(t *testing.T) {
	p := &pledges{}
	kept, keptHeld, files := pledgeOf(t)
	freed, freedHeld, others := pledgeOf(t)
	for pid, f := range map[int][]*os.File{kept.Process.Pid: files, freed.Process.Pid: others} {
		if !p.take(supervisor.Event{Kind: supervisor.Pledged, PID: pid}, f) {
			t.Fatal("a pledge is not taken")
		}
	}
	if !p.take(supervisor.Event{Kind: supervisor.Redeemed, PID: freed.Process.Pid}, nil) || held(freedHeld) {
		t.Error("a pledge that has been redeemed is held")
	}
	if !held(keptHeld) {
		t.Error("a pledge is not held")
	}
	p.end(slog.New(slog.DiscardHandler))
	if err := kept.Wait(); err == nil || kept.ProcessState.ExitCode() != -1 {
		t.Errorf("what was pledged ends with %v", kept.ProcessState)
	}
	if held(keptHeld) {
		t.Error("it is held after its end")
	}
	if freed.Process.Signal(syscall.Signal(0)) != nil {
		t.Error("what was redeemed has ended")
	}
}

// A pledge is redeemed also by one of several events: the process waits for that, in each
// place in which nothing is yet.
func TestRedeemedAmongSeveral(t *testing.T) {
	ours, theirs := unixmsgtest.Ends(t)
	c := &child{conn: ours, log: slog.New(slog.DiscardHandler), pledges: &pledges{}}
	process, in, files := pledgeOf(t)
	pid := process.Process.Pid
	told := make(chan supervisor.EventKind, 4)
	listened := make(chan struct{})
	go func() {
		defer close(listened)
		c.listen(func(e supervisor.Event) { told <- e.Kind })
	}()
	if err := theirs.Send(supervisor.Event{Kind: supervisor.Pledged, PID: pid}, files...); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		_ = f.Close() // the daemon has its own
	}
	if !held(in) {
		t.Error("a pledge is not held")
	}
	if err := theirs.Send(supervisor.Event{Kind: supervisor.Several, Events: []supervisor.Event{
		{Kind: supervisor.Gone, PID: 1}, {Kind: supervisor.Redeemed, PID: pid}, {Kind: supervisor.Moved, PID: 2}}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []supervisor.EventKind{supervisor.Gone, supervisor.Moved} {
		if got := <-told; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	}
	if held(in) {
		t.Error("a pledge that has been redeemed is held")
	}
	_ = theirs.Close()
	<-listened
	if process.Process.Signal(syscall.Signal(0)) != nil {
		t.Error("what was redeemed has ended with its supervisor")
	}
}

// Of guests' supervisors, which are not trusted, no pledge is taken: they could have anybody
// killed.
func TestNoPledgesOfGuests(t *testing.T) {
	var none *pledges
	c, _, files := pledgeOf(t)
	if none.take(supervisor.Event{Kind: supervisor.Pledged, PID: c.Process.Pid}, files) {
		t.Error("a pledge was taken")
	}
	none.end(slog.New(slog.DiscardHandler))
	for _, f := range files {
		_ = f.Close()
	}
}
