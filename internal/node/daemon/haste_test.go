package daemon

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/owner"
	"openmosix/internal/node/lodging"
)

// TestGuestsOfOneHomeHaveTheirHaste: what one session of a home has used of the owner's time another has not, and other homes have theirs.
func TestGuestsOfOneHomeHaveTheirHaste(t *testing.T) {
	r := newGuests(nil)
	house := lodging.Open("", lodging.Limits{}, procfs.FS(t.TempDir()), slog.New(slog.NewTextHandler(io.Discard, nil)))
	lodger := func(name string, home int) *guest {
		room, err := house.Room(name)
		if err != nil {
			t.Fatal(err)
		}
		return &guest{home: home, room: room}
	}
	one, two, other := lodger("one", 1), lodger("two", 1), lodger("other", 2)
	left := func(g *guest) time.Duration { return r.hastes[g.home].Left(time.Now()) }
	r.carries(one, true)
	r.carries(one, true)
	time.Sleep(10 * time.Millisecond)
	r.carries(one, false)
	r.carries(one, false)
	if d := left(one); d >= owner.MostHaste || d < owner.MostHaste-time.Minute || one.hurry != nil {
		t.Errorf("%v is left", d)
	}
	r.hastes[1].Spend(time.Now(), 2*owner.MostHaste)
	before := left(two)
	over := r.hasten(two)
	time.Sleep(10 * time.Millisecond)
	if over(); left(two) < before {
		t.Error("it has what there is no more of")
	}
	if r.hasten(other)(); left(other) < owner.MostHaste-time.Minute {
		t.Error("another home pays for it")
	}
}
