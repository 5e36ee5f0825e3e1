package hostilenode

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// slotsOf is the inode of the memory in which a deputy is given its calls.
func slotsOf(t *testing.T, pid int) string {
	t.Helper()
	f, err := os.Open("/proc/" + itoa(pid) + "/maps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if fields := strings.Fields(in.Text()); strings.HasPrefix(in.Text(), "2f6d00100000-") && len(fields) > 5 {
			return fields[4]
		}
	}
	t.Fatalf("process %d has no slots", pid)
	return ""
}

// A child, which may have fewer rights than its parent and go to another node, has no
// memory in common with it by which calls could be made in the parent's name.
func TestChildrenAreApart(t *testing.T) {
	r, v, bystander := pair(t)
	answer := make(chan []byte, 1)
	v.mu.Lock()
	v.replies[5000] = answer
	v.mu.Unlock()
	_ = v.send(wire.Clone, v.pid, wire.Encode(wire.CloneMsg{Serial: 5000, Flags: uint64(unix.SIGCHLD)}))
	child := 0
	select {
	case data := <-answer:
		ret, _, err := syscalls.DecodeReply(data)
		if child = int(ret); err != nil || child <= 0 {
			t.Fatalf("no child: %d, %v", ret, err)
		}
	case <-time.After(patience):
		t.Fatal("no child")
	}
	if one, other := slotsOf(t, v.pid), slotsOf(t, child); one == other {
		t.Errorf("both have %s", one)
	}
	// The child's calls are made, by its own slots, and its children are apart as well.
	for range 3 {
		if ret, _, answered := v.callAs(child, &syscalls.Call{Nr: unix.SYS_GETPPID}); !answered || ret != int64(v.pid) {
			t.Errorf("the child's parent is %d, %v", ret, answered)
		}
	}
	v.lives("the victim")
	if stub.Candidates()[0] != 0x2f6d00000000 {
		t.Error("the slots are looked for in another place")
	}
	_ = unix.Kill(child, unix.SIGKILL)
	r.unharmed(bystander)
}
