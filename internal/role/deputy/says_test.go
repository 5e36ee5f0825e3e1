package deputy

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/linux/unixmsg/unixmsgtest"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/role/employer"
)

// employed is a home supervisor of a machine without processes, its daemon, and what it
// tells that.
func employed(t testing.TB) (*Supervisor, *unixmsg.Conn, <-chan supervisor.Event) {
	t.Helper()
	return employedOn(t, procfs.FS(t.TempDir()))
}

// employedOn is employed on a machine with these processes.
func employedOn(t testing.TB, proc procfs.FS) (*Supervisor, *unixmsg.Conn, <-chan supervisor.Event) {
	t.Helper()
	daemon, conn := unixmsgtest.Ends(t)
	if err := daemon.Send(supervisor.FromDaemon{Hello: &supervisor.Hello{Node: 1, StateDir: t.TempDir(), Log: "error"}}); err != nil {
		t.Fatal(err)
	}
	s := newSupervisor()
	var err error
	if s.daemon, err = employer.Greeted(&s.fault, conn, -1); err != nil {
		t.Fatal(err)
	}
	s.log, s.hashes = slog.New(slog.NewTextHandler(io.Discard, nil)), s.daemon.Hashes
	s.fam.FS = proc
	t.Cleanup(s.fam.Loop.Close)
	told := make(chan supervisor.Event)
	go func() {
		defer close(told)
		for {
			var e supervisor.Event
			if _, err := daemon.Recv(&e); err != nil {
				return
			}
			told <- e
		}
	}()
	go s.serve()
	return s, daemon, told
}

// FuzzDaemonSays: whatever a daemon says, of another version perhaps, a supervisor answers what
// asks for an answer, once, and goes on with what it does.
func FuzzDaemonSays(f *testing.F) {
	for _, m := range []supervisor.FromDaemon{
		{Request: &supervisor.Request{ID: 1, Verb: supervisor.MoveTo, PID: 1, To: 2, Addr: "10.0.0.1:7779", Used: &supervisor.Used{Start: 1, Threads: map[int]int64{1: 2}}}},
		{Request: &supervisor.Request{ID: 2, Verb: supervisor.MoveTo, PID: -1, Strategy: "none"}},
		{Request: &supervisor.Request{ID: 3, Verb: supervisor.LeaveAll}},
		{Request: &supervisor.Request{ID: 4, Verb: supervisor.CancelMove, PID: 1}},
		{Request: &supervisor.Request{ID: 5, Verb: supervisor.Attend, PID: 1}},
		{Request: &supervisor.Request{ID: 6, Verb: supervisor.Describe}},
		{Request: &supervisor.Request{ID: 7, Verb: "of a later version"}},
		{Opened: &supervisor.Opened{ID: 1, Addr: "nowhere"}},
		{Placed: &supervisor.Placed{ID: 1, Node: -1}},
		{Hello: &supervisor.Hello{Identity: supervisor.Identity{Certificate: []byte("x")}, Still: -1}},
		{Found: 1},
		{Connection: true},
	} {
		text, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint8(1))
	}
	s, daemon, told := employed(f)
	null, err := os.Open(os.DevNull)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = null.Close() })
	const last = 1 << 40 // the id of a question that is asked in the end
	f.Fuzz(func(t *testing.T, text []byte, files uint8) {
		var m supervisor.FromDaemon
		if json.Unmarshal(text, &m) != nil || m.Hello != nil && files > 0 {
			return // the connection ends; or a new place for the log, which is the test's own
		}
		asks := m.Hello == nil && m.Request != nil
		if asks && m.Request.ID == last {
			return
		}
		attached := make([]*os.File, files%4)
		for i := range attached {
			attached[i] = null
		}
		before := runtime.NumGoroutine()
		if err := daemon.Send(json.RawMessage(text), attached...); err != nil {
			return // no packet
		}
		answers := 0
		await := func(is func(supervisor.Event) bool) {
			t.Helper()
			limit := time.After(10 * time.Second)
			for {
				select {
				case e, ok := <-told:
					if !ok {
						t.Fatal("the supervisor has hung up")
					}
					if asks && e.ID == m.Request.ID && e.Kind != supervisor.Travels && e.Kind != supervisor.Counted {
						answers++
					}
					if is(e) {
						return
					}
				case <-limit:
					t.Fatal("the supervisor does not answer")
				}
			}
		}
		if asks {
			await(func(supervisor.Event) bool { return answers == 1 })
		}
		if err := daemon.Send(supervisor.FromDaemon{Request: &supervisor.Request{ID: last, Verb: supervisor.Describe}}); err != nil {
			t.Fatal(err)
		}
		await(func(e supervisor.Event) bool { return e.ID == last && e.Kind == supervisor.State })
		if answers > 1 {
			t.Errorf("it is answered %d times", answers)
		}
		if n := runtime.NumGoroutine() - before; n > 8 {
			t.Errorf("%d goroutines are left", n)
		}
		if n := len(s.all()); n > 0 {
			t.Errorf("it looks after %d processes", n)
		}
	})
}
