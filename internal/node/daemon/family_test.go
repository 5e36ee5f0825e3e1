package daemon

import (
	"testing"

	"openmosix/internal/linux/procfs"
)

// Who shares memory with a process that has a supervisor, or gets one at this moment, gets no other one.
func TestOneSupervisorForAFamily(t *testing.T) {
	r := newHomes(procfs.FS(t.TempDir()))
	r.family = func(pid int) []int {
		if pid >= 20 {
			return nil
		}
		return []int{10, 11, 12}
	}
	first, mine := r.claim(10)
	if !mine {
		t.Fatal("the first one has a supervisor")
	}
	for _, pid := range []int{11, 12, 10} {
		if h, mine := r.claim(pid); h != first || mine {
			t.Errorf("process %d gets another supervisor", pid)
		}
	}
	if h, mine := r.claim(20); h == first || !mine {
		t.Error("who shares nothing gets the same supervisor")
	}
	first.forget()
	if h, mine := r.claim(11); h == first || !mine {
		t.Error("a supervisor that has ended is to look after another process")
	}
}
