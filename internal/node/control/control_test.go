package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
)

func serve(t *testing.T, handle Handler) string {
	t.Helper()
	dir := t.TempDir()
	server, err := Listen(dir, handle, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestProgressAndResult(t *testing.T) {
	dir := serve(t, func(_ context.Context, who Caller, r Request, tell func(Progress)) Result {
		for i := range 3 {
			tell(Progress{PID: r.PID, Phase: "send", Done: uint64(i)})
		}
		return Result{Text: fmt.Sprint(who.UID)}
	})
	var heard []uint64
	r, err := NewClient(dir).Ask(t.Context(), Request{Verb: Migrate, PID: 5}, func(p Progress) { heard = append(heard, p.Done) })
	if err != nil || r.Text != fmt.Sprint(os.Geteuid()) || fmt.Sprint(heard) != "[0 1 2]" {
		t.Errorf("%+v, heard %v, %v", r, heard, err)
	}
}

func TestBadRequestsAreAnsweredOrDropped(t *testing.T) {
	dir := serve(t, func(context.Context, Caller, Request, func(Progress)) Result {
		t.Error("a bad request reached the handler")
		return Result{}
	})
	for name, text := range map[string]string{
		"no JSON":        "hello\n",
		"unknown field":  `{"verb":"ps","colour":"red"}` + "\n",
		"wrong type":     `{"verb":"ps","pid":"one"}` + "\n",
		"no end of line": strings.Repeat(" ", maxRequest+1),
	} {
		conn, err := net.Dial("unix", filepath.Join(dir, SocketName))
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(text))
		answer, _ := io.ReadAll(conn)
		conn.Close()
		// Nothing at all is heard when the kernel drops the answer because not everything was read.
		if len(answer) > 0 && !strings.Contains(string(answer), string(BadRequest)) {
			t.Errorf("%s: %s", name, answer)
		}
	}
}

// The socket of a daemon that has been killed answers until the kernel comes to it.
func TestListenAfterADaemonThatIsEnding(t *testing.T) {
	dir := t.TempDir()
	dying, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dying.SetUnlinkOnClose(false)
	time.AfterFunc(200*time.Millisecond, func() { _ = dying.Close() })
	s, err := Listen(dir, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_ = s.listener.Close()
}

func TestListen(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	dir := serve(t, func(context.Context, Caller, Request, func(Progress)) Result { return Result{} })
	if _, err := Listen(dir, nil, quiet); err == nil || !strings.Contains(err.Error(), "another node daemon") {
		t.Errorf("a second daemon: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, SocketName))
	if err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	stale := t.TempDir()
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(stale, SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	if _, err := NewClient(stale).Ask(t.Context(), Request{Verb: PS}, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a dead daemon's socket: %v", err)
	}
	again, err := Listen(stale, nil, quiet)
	if err != nil {
		t.Fatalf("a dead daemon's socket is in the way: %v", err)
	}
	again.listener.Close()
	if _, err := NewClient(t.TempDir()).Ask(t.Context(), Request{Verb: PS}, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no socket: %v", err)
	}
}

func TestAClientMayGiveUp(t *testing.T) {
	release := make(chan struct{})
	dir := serve(t, func(context.Context, Caller, Request, func(Progress)) Result { <-release; return Result{} })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewClient(dir).Ask(ctx, Request{Verb: PS}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(release)
}

func TestBoundOnClientsOfOneUser(t *testing.T) {
	release := make(chan struct{})
	entered := make(chan struct{}, maxClientsOfUser+1)
	dir := serve(t, func(context.Context, Caller, Request, func(Progress)) Result {
		entered <- struct{}{}
		<-release
		return Result{}
	})
	client := NewClient(dir)
	results := make(chan error, maxClientsOfUser)
	for range maxClientsOfUser {
		go func() { _, err := client.Ask(context.Background(), Request{Verb: PS}, nil); results <- err }()
	}
	for range maxClientsOfUser {
		<-entered
	}
	if r, err := client.Ask(t.Context(), Request{Verb: PS}, nil); err != nil || r.Code != BadRequest {
		t.Errorf("%+v, %v", r, err)
	}
	close(release)
	for range maxClientsOfUser {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// Root's servers ask with the authority of those they serve; nobody else asks
// for others. Such requests take the places of the user, not of root.
func TestOnBehalf(t *testing.T) {
	root, other := Caller{PID: os.Getpid(), UID: 0}, &Caller{PID: 7, UID: 1000}
	for _, c := range []struct {
		client   Caller
		onBehalf *Caller
		want     Caller
		fails    bool
	}{
		{root, nil, root, false},
		{root, other, *other, false},
		{Caller{UID: 1000}, nil, Caller{UID: 1000}, false},
		{Caller{UID: 0}, nil, Caller{UID: 0}, false}, // of another pid namespace
		{Caller{UID: 0}, other, Caller{UID: 0}, true},
		{Caller{UID: 1000}, other, Caller{UID: 1000}, true},
		{Caller{UID: 1000}, &Caller{UID: 0}, Caller{UID: 1000}, true},
	} {
		got, err := c.client.speaker(Request{OnBehalf: c.onBehalf})
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%+v for %+v: %+v, %v", c.client, c.onBehalf, got, err)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	release := make(chan struct{})
	entered := make(chan Caller, maxClientsOfUser)
	dir := serve(t, func(_ context.Context, who Caller, r Request, _ func(Progress)) Result {
		entered <- who
		<-release
		return Result{}
	})
	client := NewClient(dir)
	results := make(chan error, maxClientsOfUser)
	for range maxClientsOfUser {
		go func() {
			_, err := client.Ask(context.Background(), Request{Verb: PS, OnBehalf: other}, nil)
			results <- err
		}()
	}
	for range maxClientsOfUser {
		if who := <-entered; who != *other {
			t.Errorf("asked by %+v", who)
		}
	}
	if r, err := client.Ask(t.Context(), Request{Verb: PS, OnBehalf: other}, nil); err != nil || r.Code != BadRequest {
		t.Errorf("a user with all places taken: %+v, %v", r, err)
	}
	close(release)
	if r, err := client.Ask(t.Context(), Request{Verb: PS}, nil); err != nil || r.Code != "" {
		t.Errorf("root: %+v, %v", r, err)
	}
	for range maxClientsOfUser {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestMayKill(t *testing.T) {
	for _, c := range []struct {
		caller uint32
		uids   [4]int // real, effective, saved, file system
		want   bool
	}{
		{0, [4]int{5, 5, 5, 5}, true},
		{5, [4]int{5, 5, 5, 5}, true},
		{5, [4]int{5, 0, 0, 0}, true}, // a set-user-id program started by 5
		{5, [4]int{0, 5, 0, 5}, false},
		{5, [4]int{0, 0, 5, 0}, true},
		{5, [4]int{6, 6, 6, 6}, false},
	} {
		if got := (Caller{UID: c.caller}).MayKill(&procfs.Status{Uid: c.uids}); got != c.want {
			t.Errorf("uid %d, process %v: %v", c.caller, c.uids, got)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"verb":"migrate","pid":1,"to":2,"wait":true}`))
	f.Fuzz(func(t *testing.T, b []byte) { parseRequest(b) })
}
