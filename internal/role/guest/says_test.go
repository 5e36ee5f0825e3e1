package guest

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/linux/unixmsg/unixmsgtest"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/role/employer"
)

// employed is a guest supervisor that nobody has come to, and its daemon.
func employed(t testing.TB) (*Guest, *unixmsg.Conn) {
	t.Helper()
	daemon, conn := unixmsgtest.Ends(t)
	if err := daemon.Send(supervisor.FromDaemon{Hello: &supervisor.Hello{Node: 2, StateDir: t.TempDir()}}); err != nil {
		t.Fatal(err)
	}
	g := newGuest()
	t.Cleanup(g.fam.Loop.Close)
	var err error
	if g.daemon, err = employer.Greeted(&g.fault, conn, -1); err != nil {
		t.Fatal(err)
	}
	g.log, g.hashes = slog.New(slog.NewTextHandler(io.Discard, nil)), g.daemon.Hashes
	go g.serve()
	return g, daemon
}

// FuzzDaemonSays: whatever a daemon says, of another version perhaps, a guest supervisor goes on,
// takes one connection, and keeps of the files that come with it no more than it needs.
func FuzzDaemonSays(f *testing.F) {
	for _, m := range []supervisor.FromDaemon{
		{Connection: true},
		{Opened: &supervisor.Opened{ID: 1, Code: supervisor.Refused}},
		{Found: 2},
		{Request: &supervisor.Request{ID: 6, Verb: supervisor.Describe}},
		{Request: &supervisor.Request{ID: 7, Verb: "of a later version"}},
		{Placed: &supervisor.Placed{ID: 1, Node: -1}},
		{Hello: &supervisor.Hello{Identity: supervisor.Identity{Certificate: []byte("x")}, Processes: -1}},
	} {
		text, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		for files := range uint8(6) {
			f.Add(text, files)
		}
	}
	g, daemon := employed(f)
	null, err := os.Open(os.DevNull)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = null.Close() })
	// Two questions to the daemon, which it may answer.
	file, opened := make(chan *os.File, 1), make(chan *supervisor.Opened, 1)
	const last = 1 << 40 // the id of a question that is asked in the end
	const kept = 2       // the root of guests, and the device
	ask := func(t *testing.T) {
		t.Helper()
		if err := daemon.Send(supervisor.FromDaemon{Request: &supervisor.Request{ID: last, Verb: supervisor.Describe}}); err != nil {
			t.Fatal(err)
		}
		for {
			var e supervisor.Event
			if err := daemon.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := daemon.Recv(&e); err != nil {
				t.Fatalf("the supervisor does not answer: %v", err)
			}
			if e.ID == last && e.Kind == supervisor.State {
				return
			}
		}
	}
	var most int
	f.Fuzz(func(t *testing.T, text []byte, files uint8) {
		var m supervisor.FromDaemon
		if json.Unmarshal(text, &m) != nil || m.Hello != nil && files > 0 {
			return // the connection ends; or a new place for the log, which is the test's own
		}
		if most == 0 {
			ask(t)
			most = openFiles(t) + kept
		}
		g.mu.Lock()
		g.twins[2], g.asked[1] = file, opened
		g.mu.Unlock()
		attached := make([]*os.File, files%8)
		for i := range attached {
			attached[i] = null
		}
		if err := daemon.Send(json.RawMessage(text), attached...); err != nil {
			return // no packet
		}
		ask(t)
		select {
		case one := <-file:
			if one != nil {
				_ = one.Close()
			}
		case <-opened:
		default:
		}
		// A connection is looked at meanwhile.
		for deadline := time.Now().Add(10 * time.Second); openFiles(t) > most; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d descriptors are open, not %d", openFiles(t), most)
			}
		}
	})
}

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
