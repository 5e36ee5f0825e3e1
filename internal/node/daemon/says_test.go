package daemon

import (
	"encoding/json"
	"io"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"openmosix/internal/linux/unixmsg/unixmsgtest"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/lodging"
)

// guestThatSays is a guest supervisor whose answers go nowhere, and those who serve it.
func guestThatSays(t testing.TB) (*guests, *guest) {
	t.Helper()
	conn, reader := unixmsgtest.Ends(t)
	go func() {
		for {
			var m supervisor.FromDaemon
			files, err := reader.Recv(&m)
			for _, f := range files {
				_ = f.Close()
			}
			if err != nil {
				return
			}
		}
	}()
	r := newGuests(nil)
	r.free = func() (uint64, error) { return 64 << 20, nil }
	r.again = func(*guest, supervisor.Open) supervisor.Opened { return supervisor.Opened{} }
	var err error
	if r.twins, err = newTwins("", noShelf{}); err != nil {
		t.Fatal(err)
	}
	g := &guest{home: 1, room: &lodging.Room{}, told: make(chan struct{}, 1), asking: make(chan struct{}, maxAsking),
		child: &child{conn: conn, log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	return r, g
}

// FuzzGuestSays: whatever a guest supervisor says costs its daemon nothing but the answer.
func FuzzGuestSays(f *testing.F) {
	token := []byte("0123456789abcdef")
	for _, e := range []supervisor.Event{
		{Kind: supervisor.State, Procs: []supervisor.Proc{{PID: 1, HomePID: 2}}},
		{Kind: supervisor.Gone, PID: 1},
		{Kind: supervisor.Room, ID: 1, Hold: &supervisor.Hold{Token: token, Bytes: 1 << 20}},
		{Kind: supervisor.Room, ID: 1, Hold: &supervisor.Hold{Token: token, Bytes: ^uint64(0)}},
		{Kind: supervisor.Filled, Hold: &supervisor.Hold{Token: token}},
		{Kind: supervisor.Claim, ID: 2, Hold: &supervisor.Hold{Token: token}},
		{Kind: supervisor.Wanted, ID: 3, Twin: &supervisor.Twin{Path: "/bin/sh", Size: 1}},
		{Kind: supervisor.Wanted, ID: 3, Twin: &supervisor.Twin{Path: "/dev/tty", Size: 0, Hash: token}},
		{Kind: supervisor.Another, ID: 4, Open: &supervisor.Open{PID: -1, Need: supervisor.Need{Memory: ^uint64(0), Threads: -1}}},
		{Kind: supervisor.Carries, Done: 1},
		{Kind: supervisor.Pledged, PID: 1},
		{Kind: supervisor.Redeemed, PID: 1},
	} {
		text, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var e supervisor.Event
		if json.Unmarshal(text, &e) != nil || e.Kind == supervisor.Carries {
			return // the connection ends; or a matter of a control group, which there is none of
		}
		r, g := guestThatSays(t)
		for range 2 {
			r.heard(g, e)
		}
		if sum, _ := r.holdings.held(); sum > 8<<20 {
			t.Errorf("%d bytes are held", sum)
		}
		if n := len(r.of(g)); n > maxGuestProcs {
			t.Errorf("%d processes are told of", n)
		}
		r.holdings.yield(r.holdings.sum)
	})
}

// A guest supervisor that asks for processes without end is answered for some of them at a time.
func TestAGuestAsksWithoutEnd(t *testing.T) {
	r, g := guestThatSays(t)
	answer := make(chan struct{})
	r.again = func(*guest, supervisor.Open) supervisor.Opened {
		<-answer
		return supervisor.Opened{}
	}
	before := runtime.NumGoroutine()
	for range 100 * maxAsking {
		r.heard(g, supervisor.Event{Kind: supervisor.Another, ID: 1, Open: &supervisor.Open{}})
	}
	if n := runtime.NumGoroutine() - before; n > 2*maxAsking {
		t.Errorf("%d goroutines answer", n)
	}
	close(answer)
	for deadline := time.Now().Add(10 * time.Second); len(g.asking) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("they are not answered")
		}
	}
}
