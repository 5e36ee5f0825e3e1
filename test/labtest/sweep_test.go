package labtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A test that is killed leaves nothing behind: neither its directories nor its lab.
func TestKilled(t *testing.T) {
	const role = "LABTEST_KILLED"
	if told := os.Getenv(role); told != "" {
		made := Scratch(t)
		if os.Getenv(BinaryVariable) != "" && os.Geteuid() == 0 {
			made += "\n" + Up(t, 1).base
		}
		if err := os.WriteFile(told, []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	told := filepath.Join(t.TempDir(), "made")
	victim := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	victim.Env = append(os.Environ(), role+"="+told)
	out, err := victim.CombinedOutput()
	made, unread := os.ReadFile(told)
	if unread != nil {
		t.Fatalf("%v: %s", err, out)
	}
	left := []string{fmt.Sprintf("/sys/fs/cgroup/*/openmosix-lab-*-t%d-*", victim.Process.Pid)}
	left = append(left, strings.Split(string(made), "\n")...)
	for deadline := time.Now().Add(downLimit); ; time.Sleep(50 * time.Millisecond) {
		var there []string
		for _, pattern := range left {
			some, _ := filepath.Glob(pattern)
			there = append(there, some...)
		}
		if len(there) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %v", there)
		}
	}
}
