package kcmp

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSameMemory(t *testing.T) {
	self := os.Getpid()
	same, err := SameMemory(self, self)
	if errors.Is(err, ErrUnknown) {
		t.Skip(err)
	}
	if !same || err != nil {
		t.Error(same, err)
	}
	if os.Geteuid() == 0 {
		if same, err := SameMemory(self, os.Getppid()); same || err != nil {
			t.Error(same, err)
		}
	}
	if _, err := SameMemory(self, 1<<30); !errors.Is(err, unix.ESRCH) {
		t.Error(err)
	}
}

func TestSameFile(t *testing.T) {
	self := os.Getpid()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	twin, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(twin)
	other, err := unix.Open(os.DevNull, unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(other)
	same, err := SameFile(self, int(f.Fd()), self, twin)
	if errors.Is(err, ErrUnknown) {
		t.Skip(err)
	}
	if !same || err != nil {
		t.Error(same, err)
	}
	if same, err := SameFile(self, int(f.Fd()), self, other); same || err != nil {
		t.Error(same, err)
	}
	if _, err := SameFile(self, 1<<20, self, other); !errors.Is(err, unix.EBADF) {
		t.Error(err)
	}
	if same, err := SameFiles(self, self); !same || err != nil {
		t.Error(same, err)
	}
	if os.Geteuid() == 0 {
		if same, err := SameFiles(self, os.Getppid()); same || err != nil {
			t.Error(same, err)
		}
	}
}
