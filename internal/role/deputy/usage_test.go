package deputy

import (
	"testing"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// TestChildrenUse: what a child used away is told to the parent that waits for
// it, once, and then counts among the parent's children.
func TestChildrenUse(t *testing.T) {
	parent := &proc{Process: &tracee.Process{Own: 1}}
	child := &proc{Process: &tracee.Process{Own: 7}, parent: parent}
	child.used(wire.UsageMsg{CPUMicros: 3_500_000, SystemMicros: 500_000, RSS: 1 << 20, Peak: 2 << 20})
	child.used(wire.UsageMsg{CPUMicros: 10}) // it cannot have used less
	child.bury()

	wait := &syscalls.Call{Nr: unix.SYS_WAIT4, Segs: []syscalls.Segment{{Arg: 1, Out: true}, {Arg: 3, Out: true}}}
	usage := func() []byte { return make([]byte, 144) }
	first, second, all := usage(), usage(), usage()
	parent.account(wait, 7, [][]byte{make([]byte, 4), first})
	parent.account(wait, 7, [][]byte{make([]byte, 4), second})
	children := &syscalls.Call{Nr: unix.SYS_GETRUSAGE, Args: [6]uint64{^uint64(0)}, Segs: []syscalls.Segment{{Arg: 1, Out: true}}}
	parent.account(children, 0, [][]byte{all})
	for name, b := range map[string][]byte{"wait4": first, "getrusage": all} {
		if user, sys, rss := le.Uint64(b), le.Uint64(b[24:]), le.Uint64(b[32:]); user != 3 || sys != 500_000 || rss != 2048 {
			t.Errorf("%s: %d s, %d us, %d kB", name, user, sys, rss)
		}
	}
	if le.Uint64(second) != 0 {
		t.Error("the child was told of twice")
	}
}

// What a process left with is what it has there, until the guest side tells.
func TestMemoryIsKnownFromTheBeginning(t *testing.T) {
	p := &proc{Process: &tracee.Process{Own: 7}}
	p.takes(30 << 20)
	if d := p.describe(); d.RSS != 30<<20 {
		t.Errorf("left with 30 MiB: %d bytes", d.RSS)
	}
	p.used(wire.UsageMsg{RSS: 40 << 20})
	if d := p.describe(); d.RSS != 40<<20 {
		t.Errorf("has 40 MiB there: %d bytes", d.RSS)
	}
}
