package naming

import (
	"os"
	"path/filepath"
	"testing"

	"openmosix/internal/linux/inotify"
	"openmosix/internal/model/names"
)

// watching is what has a queue, and a directory whose names may be told.
func watching(t *testing.T) (n *Naming, dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n = New("/proc", func() bool { return false }, nil)
	if n.w, err = inotify.New(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.w.Close)
	return n, dir
}

// What happens to a name between the look at it and the telling of it is noticed, also if somebody else empties the
// queue meanwhile, for whom there is nothing to take back yet: a reply that was on its way.
func TestDisturbed(t *testing.T) {
	n, dir := watching(t)
	n.active.Store(true)
	name := filepath.Join(dir, "above", "name")
	for what, change := range map[string]func() error{
		"it goes":                     func() error { return os.Remove(name) },
		"the directory above it goes": func() error { return os.Rename(filepath.Dir(name), filepath.Join(dir, "other")) },
		"another comes":               func() error { return os.WriteFile(name+"2", nil, 0o600) },
		"nothing":                     func() error { return nil },
	} {
		if err := os.MkdirAll(name, 0o700); err != nil {
			t.Fatal(err)
		}
		n.Settle() // that it has come
		if _, _, err := n.watch(name, names.NotLink); err != nil {
			t.Skipf("names on %s are not told: %v", dir, err)
		}
		n.Settle()
		if err := n.examine(name, names.NotLink); err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		n.Settle()
		n.mu.Lock()
		got, want := n.disturbed, what != "nothing" && what != "another comes"
		n.mu.Unlock()
		if got != want {
			t.Errorf("%s: disturbed %v, want %v", what, got, want)
		}
		if err := os.RemoveAll(filepath.Dir(name)); err != nil {
			t.Fatal(err)
		}
		n.Settle()
	}
}
