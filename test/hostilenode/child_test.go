package hostilenode

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
	"openmosix/test/labtest"

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

// A file that the process cannot read is neither told of nor kept to be mapped: the
// supervisor, which can, does not read it in its place.
func TestFilesOfOthers(t *testing.T) {
	r, v, bystander := pair(t)
	dir := labtest.Scratch(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	secret := func(name string, mode os.FileMode) []byte {
		path := dir + "/" + name
		if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
		return append([]byte(path), 0)
	}
	for _, c := range []struct {
		path  []byte
		flags uint64
		want  unix.Errno
	}{
		{secret("closed", 0o600), unix.O_PATH, unix.EBADF},
		{secret("writable", 0o622), unix.O_WRONLY, unix.EACCES},
		{secret("open", 0o644), unix.O_RDONLY, 0},
	} {
		fd, _, _ := v.call(&syscalls.Call{Nr: unix.SYS_OPEN, Args: [6]uint64{0, c.flags}, Segs: []syscalls.Segment{{Arg: 0, Size: uint32(len(c.path)), In: c.path}}})
		if fd < 0 {
			t.Fatalf("open %s: %d", c.path, fd)
		}
		ret, outs, answered := v.request(wire.MapFile, v.pid, func(serial uint64) []byte {
			return wire.Encode(wire.MapFileMsg{Serial: serial, FD: int(fd), Len: 4096})
		})
		if !answered || ret != -int64(c.want) || ret == 0 && len(outs) != 1 {
			t.Errorf("%s: %d, %v", c.path, ret, answered)
		}
	}
	r.unharmed(bystander)
}

// A child, which may have fewer rights than its parent and go to another node, has no
// memory in common with it by which calls could be made in the parent's name.
func TestChildrenAreApart(t *testing.T) {
	r, v, bystander := pair(t)
	ret, _, answered := v.request(wire.Clone, v.pid, func(serial uint64) []byte {
		return wire.Encode(wire.CloneMsg{Serial: serial, Flags: uint64(unix.SIGCHLD)})
	})
	child := int(ret)
	if !answered || child <= 0 {
		t.Fatalf("no child: %d, %v", ret, answered)
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
