package lease

import (
	"errors"
	"os"
	"os/signal"
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

func TestTake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	other, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := unix.Mmap(int(other.Fd()), 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := Take(file); !errors.Is(err, ErrHeld) {
		t.Error("open:", err)
	}
	other.Close()
	if err := Take(file); !errors.Is(err, ErrHeld) {
		t.Error("mapped to be read:", err)
	}
	if err := unix.Munmap(memory); err != nil {
		t.Fatal(err)
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, unix.SIGIO)
	defer signal.Stop(told)
	if err := Take(file); err != nil || Wanted(file) {
		t.Fatal("nobody's:", err, Wanted(file))
	}
	opened := make(chan error, 1)
	go func() {
		f, err := os.Open(path)
		if err == nil {
			f.Close()
		}
		opened <- err
	}()
	<-told
	if !Wanted(file) {
		t.Error("nobody wants it, though one waits")
	}
	select {
	case err := <-opened:
		t.Error("opened while it is leased:", err)
	default:
	}
	if err := Return(file); err != nil {
		t.Error(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
}
