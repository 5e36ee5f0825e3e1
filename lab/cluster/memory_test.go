package cluster

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"openmosix/internal/linux/cgroup"
)

// A node with memory of its own can have no more, and nothing is left of that.
func TestMemoryOfItsOwn(t *testing.T) {
	needRoot(t)
	base := filepath.Join(t.TempDir(), "labs")
	lab, err := Up(context.Background(), Options{Base: base, Name: "t", Nodes: 2, Memory: []int{96, AllMemory}, Bound: true})
	if err != nil && strings.Contains(err.Error(), "no control group of memory") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	hierarchies, err := cgroup.Hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, h := range hierarchies {
		for _, name := range []string{"memory.limit_in_bytes", "memory.max"} {
			for _, parent := range []string{h.Own, "/"} {
				text, err := os.ReadFile(filepath.Join(h.Mount, parent, nodeGroup(lab.place, 1), name))
				if err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(96<<20) {
					found++
				}
			}
		}
	}
	if found == 0 {
		t.Error("no group has the limit")
	}
	for node, want := range map[int]int{1: 128 + int(unix.SIGKILL), 2: 0} {
		if text, result := sh(t, lab, node, "exec dd if=/dev/zero of=/dev/null bs=300M count=1"); result.Code != want {
			t.Errorf("300 MB on node %d: status %d, want %d: %s", node, result.Code, want, text)
		}
	}
	if err := lab.Down(); err != nil {
		t.Fatal(err)
	}
	if left := traces(t, base)["control groups"]; len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
