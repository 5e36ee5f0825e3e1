package labtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// quotaPeriod of the kernel, in microseconds.
const quotaPeriod = 100_000

// Quota lets all that runs in a node have no more than so many per cent of one
// CPU, which makes it a slow machine, until the lab goes. A machine without
// control groups of version 1 for that is an error.
func (l *Lab) Quota(node, percent int) error {
	const root = "/sys/fs/cgroup/cpu"
	if _, err := os.Stat(filepath.Join(root, "cpu.cfs_quota_us")); err != nil {
		return fmt.Errorf("a node cannot be slowed down here: %w", err)
	}
	out, err := l.run(downLimit, "lab", "status", "--json")
	if err != nil {
		return fmt.Errorf("ask for the node's init: %w: %s", err, out)
	}
	var lab struct {
		Nodes []struct {
			Number int `json:"number"`
			PID    int `json:"pid"`
		} `json:"nodes"`
	}
	if err := json.Unmarshal([]byte(out), &lab); err != nil {
		return fmt.Errorf("read lab status: %w", err)
	}
	group := filepath.Join(root, "openmosix-"+l.name)
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(group, "cpu.cfs_quota_us"), []byte(strconv.Itoa(quotaPeriod*percent/100)), 0); err != nil {
		return err
	}
	l.groups = append(l.groups, group)
	for _, n := range lab.Nodes {
		if n.Number == node {
			return joinAll(group, n.PID)
		}
	}
	return fmt.Errorf("the lab has no node %d", node)
}

// joinAll puts all processes of the pid namespace of a process into a group.
func joinAll(group string, init int) error {
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", init))
	if err != nil {
		return err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	for _, e := range entries {
		its, err := os.Readlink(filepath.Join("/proc", e.Name(), "ns/pid"))
		if err != nil || its != space {
			continue // no process, or it has ended
		}
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(e.Name()), 0); err != nil {
			return fmt.Errorf("put process %s of the node into a group: %w", e.Name(), err)
		}
	}
	return nil
}
