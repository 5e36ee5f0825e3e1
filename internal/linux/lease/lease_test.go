package lease

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestUnwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("contents"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want := func(what string, unwritten bool) {
		t.Helper()
		got, err := Unwritten(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != unwritten {
			t.Errorf("%s: nobody can write: %v", what, got)
		}
	}
	want("closed", true)
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	want("open to write", false)
	memory, err := unix.Mmap(int(writer.Fd()), 0, 8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	writer.Close()
	want("mapped to be written", false)
	if err := unix.Munmap(memory); err != nil {
		t.Fatal(err)
	}
	want("unmapped", true)
}
