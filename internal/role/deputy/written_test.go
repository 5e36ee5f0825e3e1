package deputy

import (
	"testing"
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A credit holds as long as nobody can have used up what is free.
func TestCreditTime(t *testing.T) {
	for free, want := range map[uint64]time.Duration{
		0: 0, muchRoom - 1: 0, muchRoom: muchTime, 3*muchRoom + 5: 3 * muchTime, 9 * muchRoom: 9 * muchTime, 1 << 50: wire.MaxCreditTime, ^uint64(0): wire.MaxCreditTime,
	} {
		if got := creditTime(free); got != want {
			t.Errorf("%d bytes free: %v, want %v", free, got, want)
		}
	}
}

// A program that writes no more is not told again and again that it might.
func TestCreditThatIsNotUsed(t *testing.T) {
	w := writes{last: 3, given: true}
	asks := &syscalls.Call{Nr: unix.SYS_GETPPID}
	for i := range mostIdle {
		if !w.again(asks) {
			t.Fatalf("no credit behind %d calls", i+1)
		}
	}
	if w.again(asks) {
		t.Error("credit is given for ever")
	}
	w.idle = 0 // it has written
	if w.given = true; !w.again(asks) {
		t.Error("no credit any more")
	}
	if w.again(&syscalls.Call{Nr: unix.SYS_LSEEK, Args: [6]uint64{3}}) {
		t.Error("credit where it stands elsewhere")
	}
}
