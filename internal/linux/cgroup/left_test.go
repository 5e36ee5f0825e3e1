package cgroup

import (
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
	l := &Left{}
	t.Cleanup(l.close)
	own := write("around/own", "max", "7")
	for _, level := range []struct {
		dir    string
		always bool
	}{{own, true}, {write("around", "100", "90"), false}, {write("", "max", "1000"), false}} {
		if err := l.add(level.dir, level.always); err != nil {
			t.Fatal(err)
		}
	}
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
