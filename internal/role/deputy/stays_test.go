package deputy

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/tracee"
)

func TestWhatIsSaidOfPrograms(t *testing.T) {
	now := time.Now()
	kind := supervisor.Stays{Whose: supervisor.Kinds, For: time.Second, Most: time.Millisecond}
	var own processStays
	for name, c := range map[string]struct {
		do           func(y *stays)
		at           time.Duration
		goes, counts bool
	}{
		"nothing":  {func(*stays) {}, 0, false, false},
		"a kind":   {func(y *stays) { y.said(kind, "a", y.asking(), now) }, 0, true, true},
		"another":  {func(y *stays) { y.said(kind, "b", y.asking(), now) }, 0, false, false},
		"long ago": {func(y *stays) { y.said(kind, "a", y.asking(), now) }, time.Second, false, false},
		"the family": {func(y *stays) {
			y.said(supervisor.Stays{Whose: supervisor.Family, For: time.Second}, "b", y.asking(), now)
		}, 0, true, true},
		"the process": {func(y *stays) {
			own = y.said(supervisor.Stays{Whose: supervisor.Process, For: time.Second}, "b", y.asking(), now)
		}, 0, true, false},
		"a later version":  {func(y *stays) { y.said(supervisor.Stays{Whose: "galaxy", For: time.Second}, "a", y.asking(), now) }, 0, false, false},
		"taken back":       {func(y *stays) { y.said(kind, "a", y.asking(), now); y.takenBack(nil) }, 0, false, false},
		"it is":            {func(y *stays) { y.said(kind, "a", y.asking(), now); y.takenBack([]string{"b", "a"}) }, 0, false, false},
		"another is":       {func(y *stays) { y.said(kind, "a", y.asking(), now); y.takenBack([]string{"b"}) }, 0, true, true},
		"before it came":   {func(y *stays) { asked := y.asking(); y.takenBack(nil); y.said(kind, "a", asked, now) }, 0, false, false},
		"again, afterward": {func(y *stays) { y.takenBack(nil); y.said(kind, "a", y.asking(), now) }, 0, true, true},
		"the process's is": {func(y *stays) {
			own = y.said(supervisor.Stays{Whose: supervisor.Process, For: time.Second}, "b", y.asking(), now)
			y.takenBack(nil)
		}, 0, false, false},
		"the family's is": {func(y *stays) {
			y.said(supervisor.Stays{Whose: supervisor.Family, For: time.Second}, "b", y.asking(), now)
			y.takenBack(nil)
		}, 0, false, false},
		"a short run": {func(y *stays) { y.said(kind, "a", y.asking(), now); y.ran("a", time.Millisecond) }, 0, true, true},
		"a long run":  {func(y *stays) { y.said(kind, "a", y.asking(), now); y.ran("a", 2*time.Millisecond) }, 0, false, false},
		"another's":   {func(y *stays) { y.said(kind, "a", y.asking(), now); y.ran("b", time.Hour) }, 0, true, true},
		"full": {func(y *stays) {
			for i := range mostStays {
				y.said(kind, fmt.Sprint(i), y.asking(), now)
			}
			y.said(kind, "a", y.asking(), now)
		}, 0, true, true},
	} {
		y := &stays{}
		own = processStays{}
		c.do(y)
		if goes, counts := y.lets("a", own, now.Add(c.at)); goes != c.goes || counts != c.counts {
			t.Errorf("%s: goes on %v, counts %v", name, goes, counts)
		}
		if len(y.kinds) > mostStays {
			t.Errorf("%s: %d kinds are remembered", name, len(y.kinds))
		}
	}
}

// attendedShell is a shell of an attended family, which does what it is told line by line, and
// the daemon, and what that is told.
type attendedShell struct {
	t      *testing.T
	s      *Supervisor
	daemon *unixmsg.Conn
	told   <-chan supervisor.Event
	in     io.Writer
	out    *bufio.Reader
	pid    int
}

func newAttendedShell(t *testing.T) *attendedShell {
	t.Helper()
	s, daemon, told := employedOn(t, "/proc")
	shell := exec.Command("/bin/sh")
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shell.Process.Kill() // who traces it waits for it
		_ = in.Close()
		for range 1000 { // a later test's loop must not be told of this process
			if len(s.all()) == 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	})
	a := &attendedShell{t: t, s: s, daemon: daemon, told: told, in: in, out: bufio.NewReader(out), pid: shell.Process.Pid}
	a.request(supervisor.Request{ID: 1, Verb: supervisor.Attend, PID: a.pid}, supervisor.Attended)
	return a
}

func (a *attendedShell) request(r supervisor.Request, last supervisor.EventKind) {
	a.t.Helper()
	if err := a.daemon.Send(supervisor.FromDaemon{Request: &r}); err != nil {
		a.t.Fatal(err)
	}
	for e := range a.told {
		for _, one := range single(e) {
			if one.ID != r.ID {
				continue
			}
			if one.Kind != last {
				a.t.Fatalf("%+v", one)
			}
			return
		}
	}
}

// single are the events of a packet.
func single(e supervisor.Event) []supervisor.Event {
	if e.Kind == supervisor.Several {
		return e.Events
	}
	return []supervisor.Event{e}
}

// runs has the shell run something, which is to end with a program that is asked about, and gives how many
// were asked about, and what the daemon is told of the others. answer: what it says, nil: nothing.
func (a *attendedShell) runs(line string, answer func() *supervisor.Stays) (asked int, others []supervisor.Event) {
	a.t.Helper()
	done := make(chan error, 1)
	go func() {
		if _, err := io.WriteString(a.in, line+"; echo done\n"); err != nil {
			done <- err
			return
		}
		_, err := a.out.ReadString('\n')
		done <- err
	}()
	take := func(e supervisor.Event) {
		if e.Kind != supervisor.Executed || e.ID == 0 {
			others = append(others, e)
			return
		}
		asked++
		if stays := answer(); stays != nil {
			if err := a.daemon.Send(supervisor.FromDaemon{Placed: &supervisor.Placed{ID: e.ID, Stays: stays}}); err != nil {
				a.t.Error(err)
			}
		}
	}
	var quiet <-chan time.Time
	for {
		select {
		case e := <-a.told:
			for _, one := range single(e) {
				take(one)
			}
		case err := <-done:
			if err != nil {
				a.t.Fatal(err)
			}
			quiet = time.After(time.Second) // what is told later
		case <-quiet:
			return asked, others
		}
	}
}

// A program that is known to stay does not wait for a daemon, which says nothing any more, and that is told
// of all of them in their order.
func TestKnownProgramsDoNotWait(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may trace what it likes")
	}
	a := newAttendedShell(t)
	stays, answered := &supervisor.Stays{Whose: supervisor.Kinds, For: time.Hour, Most: time.Hour}, false
	once := func() *supervisor.Stays {
		if answered {
			return nil
		}
		answered = true
		return stays
	}
	const runs = 20
	asked, others := a.runs(fmt.Sprintf("i=0; while [ $i -le %d ]; do /bin/true -x $i; i=$((i+1)); done", runs), once)
	if asked != 1 {
		t.Errorf("%d of %d programs were asked about", asked, runs+1)
	}
	pids := map[int]bool{}
	began, ended := 0, 0
	for _, e := range others {
		switch e.Kind {
		case supervisor.Executed:
			began++
			pids[e.PID] = true
			if !strings.HasSuffix(e.Sort, "true -x") || e.Sort != e.Text+" -x" {
				t.Errorf("%+v", e)
			}
		case supervisor.Ended:
			if ended++; ended > 1 && !pids[e.PID] {
				t.Errorf("%d has ended before it is told of", e.PID)
			}
		}
	}
	if began != runs || ended != runs+1 {
		t.Errorf("%d programs have begun, %d ended", began, ended)
	}

	// Another kind is asked about, and does not wait for longer than placeLimit.
	if asked, _ := a.runs("/bin/true --other", once); asked != 1 {
		t.Errorf("%d questions", asked)
	}
	// Taken back, it is asked about with the very next execve.
	a.request(supervisor.Request{ID: 2, Verb: supervisor.AskAgain}, supervisor.Asks)
	answered, stays.Most = false, 1
	if asked, _ := a.runs("/bin/true -x", once); asked != 1 {
		t.Errorf("%d questions after it was taken back", asked)
	}
	// It has used more than it was to.
	if asked, _ := a.runs("/bin/true -x", once); asked != 1 {
		t.Errorf("%d questions after a run that was longer", asked)
	}
}

// What a locked process starts is locked, and the daemon does not count it.
func TestLockedFamiliesDoNotAsk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may trace what it likes")
	}
	a := newAttendedShell(t)
	locked := func() *supervisor.Stays { return &supervisor.Stays{Whose: supervisor.Process, For: time.Hour} }
	asked, others := a.runs("sh -c '/bin/true; /bin/false; sh -c \"/bin/true; :\"; :'", locked)
	if asked != 1 {
		t.Errorf("%d questions", asked)
	}
	for _, e := range others {
		if e.Kind == supervisor.Executed {
			t.Errorf("%+v", e)
		}
	}
	if asked, _ := a.runs("/bin/true", func() *supervisor.Stays { return nil }); asked != 1 {
		t.Errorf("%d questions about one that the shell has started, which has not asked", asked)
	}
}

// A daemon that is gone cannot be asked, and nobody waits for its answer.
func TestNobodyWaitsForADaemonThatIsGone(t *testing.T) {
	s, daemon, _ := employed(t)
	p := &proc{Process: &tracee.Process{PID: 1}, s: s}
	_ = daemon.Close()
	for try := 0; ; try++ { // until the kernel tells
		begun := time.Now()
		if s.whereTo(p, 0) != nil {
			t.Fatal("somebody has answered")
		}
		if time.Since(begun) < placeLimit/2 {
			return
		}
		if try == 3 {
			t.Fatal("it waits for the answer")
		}
	}
}
