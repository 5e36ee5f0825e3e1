package kernelfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for _, length := range []int{0, 1, room - 1, room, room + 1, 5*room + 7} {
		path := filepath.Join(dir, "file")
		want := bytes.Repeat([]byte("0123456789abcdef"), length/16+1)[:length]
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d, %v", length, len(got), err)
		}
	}
	for _, path := range []string{"/proc/self/mountinfo", "/proc/filesystems"} {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Read(dir); err == nil {
		t.Error("a directory was read")
	}
}
