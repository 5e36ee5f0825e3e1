package employer

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/linux/unixmsg/unixmsgtest"
	"openmosix/internal/model/supervisor"
)

// greeted is a supervisor's side, and its daemon's.
func greeted(t *testing.T) (*Daemon, *unixmsg.Conn) {
	t.Helper()
	daemon, conn := unixmsgtest.Ends(t)
	if err := daemon.Send(supervisor.FromDaemon{Hello: &supervisor.Hello{StateDir: t.TempDir(), Log: "error"}}); err != nil {
		t.Fatal(err)
	}
	d, err := Greeted(&fault.Fault{}, conn, -1)
	if err != nil {
		t.Fatal(err)
	}
	return d, daemon
}

// packet is the next one, as pids.
func packet(t *testing.T, daemon *unixmsg.Conn) (string, []supervisor.Event) {
	t.Helper()
	var e supervisor.Event
	if err := daemon.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := daemon.Recv(&e); err != nil {
		t.Fatal(err)
	}
	events := []supervisor.Event{e}
	if e.Kind == supervisor.Several {
		events = e.Events
	}
	var pids []string
	for _, e := range events {
		pids = append(pids, fmt.Sprint(e.PID))
	}
	return strings.Join(pids, " "), events
}

// inTime gives the packet that ends with an event, after something that tells it, which is done again when it has taken so long
// that what is kept has gone by itself: this process may not have run meanwhile.
func inTime(t *testing.T, daemon *unixmsg.Conn, last string, tells func()) (string, []supervisor.Event) {
	t.Helper()
	for {
		begun := time.Now()
		tells()
		took := time.Since(begun)
		got, events := packet(t, daemon)
		for got != last && !strings.HasSuffix(got, " "+last) {
			got, events = packet(t, daemon)
		}
		if took < laterFor {
			return got, events
		}
	}
}

// What nobody waits for goes with what somebody waits for, in the order in which it was told, or after a
// while.
func TestLater(t *testing.T) {
	d, daemon := greeted(t)
	event := func(pid int) supervisor.Event { return supervisor.Event{Kind: supervisor.Ended, PID: pid} }
	got, events := inTime(t, daemon, "3", func() {
		d.Later(event(1))
		d.Later(event(2))
		time.Sleep(2 * time.Millisecond)
		d.Tell(event(3))
	})
	if got != "1 2 3" || events[0].Ago < 2000 || events[2].Ago != 0 {
		t.Errorf("%v: %v", got, events)
	}
	d.Tell(event(4))
	if got, _ := packet(t, daemon); got != "4" {
		t.Error(got)
	}
	for round := range 2 {
		got, events := inTime(t, daemon, "6", func() {
			d.Later(event(5))
			d.Later(event(6))
		})
		if got != "5 6" || events[0].Ago < laterFor.Microseconds() {
			t.Errorf("round %d: %v: %v", round, got, events)
		}
	}
	if err := d.Give(event(7)); err != nil {
		t.Fatal(err)
	}
	d.Later(event(8))
	if err := d.Give(event(9)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"7", "8", "9"} {
		if got, _ := packet(t, daemon); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	d.Later(event(10))
	d.Flush()
	d.Flush()
	if got, _ := packet(t, daemon); got != "10" {
		t.Error(got)
	}
	d.Later(event(11))
	d.Ready() // to the same one: it has another certificate, say
	if got, _ := packet(t, daemon); got != "11" {
		t.Error(got)
	}
	if _, events := packet(t, daemon); len(events) != 1 || events[0].Kind != supervisor.Ready {
		t.Errorf("the daemon is told %v", events)
	}
}

// A packet has so much at most, also of long paths.
func TestLaterIsBounded(t *testing.T) {
	d, daemon := greeted(t)
	long := strings.Repeat("\x01", 4096) // six bytes each in JSON
	for pid := range 2*laterMost + 1 {
		d.Later(supervisor.Event{Kind: supervisor.Executed, PID: pid, Text: long, Sort: long})
	}
	for seen := 0; seen < 2*laterMost+1; {
		_, events := packet(t, daemon)
		for _, e := range events {
			if e.PID != seen {
				t.Fatalf("%d is told after %d", e.PID, seen)
			}
			seen++
		}
	}
}

// A new daemon hears first that the supervisor is ready, whatever is told at that moment; what was told
// to nobody is missed.
func TestReadyComesFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "later")
	listener, err := unixmsg.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	first, conn := unixmsgtest.Ends(t)
	hello := supervisor.FromDaemon{Hello: &supervisor.Hello{StateDir: t.TempDir(), Log: "error"}}
	if err := first.Send(hello); err != nil {
		t.Fatal(err)
	}
	d, err := Greeted(&fault.Fault{}, conn, int(listener.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Close()
	if _, err := d.Recv(new(supervisor.FromDaemon)); err == nil {
		t.Fatal("the daemon is gone, and says something")
	}
	event := func(pid int) supervisor.Event { return supervisor.Event{Kind: supervisor.Ended, PID: pid} }
	rejoined := make(chan error, 1)
	go func() { rejoined <- d.Rejoin() }()
	second, err := unixmsg.Connect(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-rejoined; err != nil {
		t.Fatal(err)
	}
	d.Later(event(1))
	d.Tell(event(2))
	if d.Give(event(3), listener) == nil {
		t.Error("something is given to nobody")
	}
	if err := second.Send(hello); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Recv(new(supervisor.FromDaemon)); err != nil {
		t.Fatal(err)
	}
	d.Tell(event(4))
	if _, events := packet(t, second); events[0].Kind != supervisor.Ready {
		t.Errorf("it says %q first", events[0].Kind)
	}
	if got, _ := packet(t, second); got != "4" {
		t.Errorf("then it tells of %s", got)
	}
}
