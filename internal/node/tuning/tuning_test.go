package tuning

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"openmosix/internal/model/balance"
)

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tuning.json")
	s, err := Open(path)
	if err != nil || len(s.All()) != 0 {
		t.Fatalf("%v, %v", s.All(), err)
	}
	three := Link{Node: 3, Measured: time.Unix(5, 0).UTC(), CallMicros: 80, MBPerSecond: 900}
	for _, l := range []Link{three, {Node: 2, CallMicros: 90}, {Node: 2, CallMicros: 70}} {
		if err := s.Set(l); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(path)
	if err != nil || len(again.All()) != 2 || again.All()[0].CallMicros != 70 || again.All()[1] != three {
		t.Errorf("%+v, %v", again.All(), err)
	}
	if _, known := again.To(4); known {
		t.Error("a node that was never measured is known")
	}
	for _, bad := range []Link{{Node: 0}, {Node: 70000}, {Node: 1, CallMicros: -1}, {Node: 1, MBPerSecond: 1e30}} {
		if again.Set(bad) == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if err := os.WriteFile(path, []byte(`[{"node":-1}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken, err := Open(path); err == nil || len(broken.All()) != 0 {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`[{"node":2,"call_us":3.5}]`)
	f.Fuzz(func(t *testing.T, text string) {
		links, err := parse([]byte(text))
		for node, l := range links {
			if err != nil || node != l.Node || l.Check() != nil {
				t.Errorf("%+v, %v", l, err)
			}
		}
	})
}

func TestWay(t *testing.T) {
	l := Link{Node: 2, CallMicros: 250, MBPerSecond: 80, Small: Move{FrozenMicros: 4000}, Large: Move{FrozenMicros: 9000}}
	want := balance.Link{Bandwidth: 80e6, Latency: 250 * time.Microsecond, Freeze: 4 * time.Millisecond}
	if got := l.Way(); got != want {
		t.Errorf("%+v", got)
	}
	if got := (Link{Node: 2}).Way(); got != (balance.Link{}) {
		t.Errorf("of what was not measured: %+v", got)
	}
}

// What moves show counts as long as nobody has measured.
func TestMoved(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "tuning.json"))
	if err != nil {
		t.Fatal(err)
	}
	s.Moved(3, 1<<20, time.Second) // too little to tell
	s.Moved(0, 1<<30, time.Second)
	if got := s.Way(3); got != (balance.Link{}) {
		t.Errorf("%+v", got)
	}
	s.Moved(3, 20e6, time.Second)
	s.Moved(3, 40e6, time.Second)
	if got := s.Way(3); got != (balance.Link{Bandwidth: 30e6}) {
		t.Errorf("%+v", got)
	}
	if err := s.Set(Link{Node: 3, MBPerSecond: 5}); err != nil {
		t.Fatal(err)
	}
	if got := s.Way(3); got.Bandwidth != 5e6 {
		t.Errorf("%+v", got)
	}
	if len(s.All()) != 1 {
		t.Errorf("%+v", s.All())
	}
}
