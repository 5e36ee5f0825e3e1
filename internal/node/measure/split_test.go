package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"openmosix/internal/linux/procfs"
)

// fake is a process of a proc file system that is made up.
type fake struct {
	pid, parent int
	state       string
	threads     []string // states of several
}

func fakeProc(t *testing.T, processes []fake) procfs.FS {
	t.Helper()
	dir := t.TempDir()
	for _, p := range processes {
		write := func(path string, pid int, state string) {
			text := fmt.Sprintf("%d (x) %s %d 0 0 0 0 0 0 0 0 0 1 1 0 0 20 0 %d 0 %d 0 0", pid, state, p.parent, max(1, len(p.threads)), pid)
			for range 40 {
				text += " 0"
			}
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(path, "stat"), []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		base := filepath.Join(dir, strconv.Itoa(p.pid))
		write(base, p.pid, p.state)
		for i, state := range p.threads {
			write(filepath.Join(base, "task", strconv.Itoa(p.pid+1000*i)), p.pid, state)
		}
	}
	return procfs.FS(dir)
}

func TestSplit(t *testing.T) {
	proc := fakeProc(t, []fake{
		{pid: 1, parent: 0, state: "S"},
		{pid: 10, parent: 1, state: "R"}, // the owner's
		{pid: 11, parent: 1, state: "S", threads: []string{"R", "S", "R"}},
		{pid: 20, parent: 1, state: "S"}, // a guest supervisor
		{pid: 21, parent: 20, state: "S"},
		{pid: 22, parent: 21, state: "R"},
		{pid: 23, parent: 22, state: "R"},
		{pid: 30, parent: 1, state: "R"}, // another
		{pid: 40, parent: 1, state: "R"}, // who counts
		{pid: 50, parent: 51, state: "R"},
		{pid: 51, parent: 50, state: "S"}, // numbers that were used again
	})
	s, err := Of(proc, []int{20, 30}, 40)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(s.Trees[20])
	if s.Owner != 4 || s.Guests != 3 || !slices.Equal(s.Trees[20], []int{20, 21, 22, 23}) || !slices.Equal(s.Trees[30], []int{30}) {
		t.Errorf("%+v", s)
	}
}
