package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLeft(t *testing.T) {
	top := t.TempDir()
	write := func(dir, most, now string) string {
		t.Helper()
		dir = filepath.Join(top, dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"pids.max": most, "pids.current": now} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	own := write("around/own", "max", "7")
	write("around", "100", "90")
	write("", "max", "1000")
	l, err := leftIn([]Hierarchy{{Mount: top, Own: "/around/own", Controllers: []Controller{PIDs}}, {Mount: own, Own: "/none", Controllers: []Controller{Memory}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	is := func(want int, limited bool) {
		t.Helper()
		if n, is, err := l.Count(); n != want || is != limited || err != nil {
			t.Errorf("%d, %v, %v; not %d, %v", n, is, err, want, limited)
		}
	}
	is(10, true) // that of the group around
	write("around/own", "12", "7")
	is(5, true)
	write("around/own", "4", "7")
	is(-3, true)
	write("around/own", "max", "7")
	write("around", "max", "90")
	is(0, false)
	write("around", "nonsense", "90")
	if _, _, err := l.Count(); err == nil {
		t.Error("nonsense is a number")
	}
}

// The root that this process sees may be a container's, with a limit, or the machine's,
// where nothing counts.
func TestLeftAtTheRoot(t *testing.T) {
	top := t.TempDir()
	root := []Hierarchy{{Mount: top, Own: "/", Controllers: []Controller{PIDs}}}
	if _, err := leftIn(root); !errors.Is(err, ErrNone) {
		t.Errorf("nothing counts: %v", err)
	}
	for name, text := range map[string]string{"pids.max": "10", "pids.current": "7"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, own := range []string{"/", "/within"} {
		root[0].Own = own
		l, err := leftIn(root)
		if err != nil {
			t.Fatal(err)
		}
		if n, limited, err := l.Count(); n != 3 || !limited || err != nil {
			t.Errorf("in %s: %d, %v, %v", own, n, limited, err)
		}
		l.close()
	}
}
