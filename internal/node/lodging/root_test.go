package lodging

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Nobody can put anything into the root of guests, and it has no name.
func TestRootStaysEmpty(t *testing.T) {
	dir := t.TempDir()
	root, err := Root(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
	path := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), root.Fd())
	if names, err := os.ReadDir(path); !errors.Is(err, os.ErrNotExist) || len(names) != 0 { // it is not even listed
		t.Errorf("in it are %v, %v", names, err)
	}
	if err := unix.Mkdirat(int(root.Fd()), "x", 0o755); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a directory can be made in it: %v", err)
	}
	if fd, err := unix.Openat(int(root.Fd()), "x", unix.O_CREAT|unix.O_WRONLY, 0o644); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a file can be made in it: %d, %v", fd, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(root.Fd()), &st); err != nil || st.Mode&0o7777 != 0o555 {
		t.Errorf("mode %#o, %v", st.Mode, err)
	}
	if os.Geteuid() != 0 {
		return
	}
	// It is fit to be a root: what is missing then is the program.
	out, err := exec.Command("chroot", path, "/bin/true").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "/bin/true") {
		t.Errorf("%v: %s", err, out)
	}
}
