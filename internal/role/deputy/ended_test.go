package deputy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/process/tracee"
)

func TestEnded(t *testing.T) {
	dir := t.TempDir()
	s := &Supervisor{fam: &tracee.Family{FS: procfs.FS(dir)}}
	const thread = "Name:\tx\nTgid:\t7\nPid:\t8\nState:\tR (running)\nThreads:\t2\n"
	for name, of := range map[string]struct {
		status string
		other  string // of another thread
		ended  bool
	}{
		"runs":                     {"State:\tR (running)\nVmSize:\t      100 kB\nThreads:\t1\n", "", false},
		"without memory":           {"State:\tR (running)\nThreads:\t1\n", "", true},
		"zombie":                   {"State:\tZ (zombie)\nThreads:\t1\n", "", true},
		"its first thread is gone": {"State:\tZ (zombie)\nThreads:\t2\n", thread, false},
		"all of its threads end":   {"State:\tZ (zombie)\nThreads:\t2\n", thread + "SigPnd:\t0000000000000100\n", true},
	} {
		first := "Name:\tx\nTgid:\t7\nPid:\t7\n" + of.status
		write(t, filepath.Join(dir, "7", "status"), first)
		write(t, filepath.Join(dir, "7", "task", "7", "status"), first)
		write(t, filepath.Join(dir, "7", "task", "7", "stat"), "7 (x) S 1"+strings.Repeat(" 0", 48)+"\n")
		if of.other != "" {
			write(t, filepath.Join(dir, "7", "task", "8", "status"), of.other)
			write(t, filepath.Join(dir, "7", "task", "8", "stat"), "8 (x) S 1"+strings.Repeat(" 0", 48)+"\n")
		} else if err := os.RemoveAll(filepath.Join(dir, "7", "task", "8")); err != nil {
			t.Fatal(err)
		}
		if s.ended(7) != of.ended {
			t.Errorf("%s: has ended: %v", name, !of.ended)
		}
	}
	if !s.ended(8) {
		t.Error("gone: has not ended")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
