package tracee

import (
	"errors"
	"os"
	"testing"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// A thread that is told what to do may lose its slot in any moment: another one has executed a program.
func TestASlotGoesWithTheThread(t *testing.T) {
	one := &Thread{Proc: &Process{}}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, does := range map[string]func() error{
		"is given a file":      func() error { _, err := one.Give(null); return err },
		"receives":             func() error { _, err := one.Receive(3); return err },
		"tells of itself":      func() error { return one.CaptureThread(&image.Thread{}) },
		"tells the time":       func() error { _, err := one.clock(unix.CLOCK_MONOTONIC); return err },
		"opens what is mapped": func() error { _, err := one.openMapped(&image.FileID{Path: os.DevNull}); return err },
	} {
		if err := does(); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
