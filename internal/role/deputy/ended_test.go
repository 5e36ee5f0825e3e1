package deputy

import (
	"os"
	"path/filepath"
	"testing"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/process/tracee"
)

func TestEnded(t *testing.T) {
	dir := t.TempDir()
	s := &Supervisor{fam: &tracee.Family{FS: procfs.FS(dir)}}
	if err := os.Mkdir(filepath.Join(dir, "7"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]struct {
		status string
		ended  bool
	}{
		"runs":                     {"State:\tR (running)\nVmSize:\t      100 kB\nThreads:\t1\n", false},
		"without memory":           {"State:\tR (running)\nThreads:\t1\n", true},
		"zombie":                   {"State:\tZ (zombie)\nThreads:\t1\n", true},
		"its first thread is gone": {"State:\tZ (zombie)\nThreads:\t2\n", false},
	} {
		if err := os.WriteFile(filepath.Join(dir, "7", "status"), []byte("Name:\tx\nTgid:\t7\nPid:\t7\n"+of.status), 0o644); err != nil {
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
