package tracee

import (
	"errors"
	"testing"
	"time"

	"openmosix/internal/linux/ptrace"

	"golang.org/x/sys/unix"
)

// A process whose limit leaves no room for the stub is told so, by the name of
// the limit, and goes on without it.
func TestStubWithoutRoom(t *testing.T) {
	o, ask := subject(t)
	if got := ask("before"); got != "before 1" {
		t.Fatal(got)
	}
	status, err := o.p.Family.FS.Status(o.p.PID)
	if err != nil {
		t.Fatal(err)
	}
	limit := unix.Rlimit{Cur: status.VmSize + 16<<20, Max: status.VmSize + 16<<20}
	if err := unix.Prlimit(o.p.PID, unix.RLIMIT_AS, &limit, nil); err != nil {
		t.Fatal(err)
	}
	h, err := o.p.Freeze(5*time.Second, DeliverNatively, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	leader := h.Threads()[0]
	base, err := o.p.chooseBase()
	if err != nil {
		t.Fatal(err)
	}
	ip, err := o.p.callInstruction()
	if err != nil {
		t.Fatal(err)
	}
	var mask uint64
	h.Do(func() {
		mask, _ = ptrace.SigMask(leader.TID)
		err = ptrace.SetSigMask(leader.TID, blockAll)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = h.keepingRegs(leader, func() error { return h.Bootstrap(leader, base, ip) }) // not by MapStub, which may pass the limit
	if !errors.Is(err, ErrNoRoom) || o.p.Base != 0 {
		t.Errorf("it says %v", err)
	}
	h.Do(func() { _ = ptrace.SetSigMask(leader.TID, mask) })
}
