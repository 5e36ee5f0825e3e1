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
