package labtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/linux/cgroup"
)

// quotaPeriod of the kernel, in microseconds: so short that a node with a quota is
// slow, and not stopped now and then for as long as a move takes.
const quotaPeriod = 20_000

// Quota lets all that runs in a node, its guests too, have no more than so many per
// cent of one CPU, which makes it a slow machine. A lab without control groups of
// CPU time for its nodes is an error.
func (l *Lab) Quota(node, percent int) error {
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
	for _, n := range lab.Nodes {
		if n.Number == node {
			dir, unified, err := groupOf(n.PID)
			if err != nil {
				return fmt.Errorf("node %d cannot be slowed down: %w", node, err)
			}
			return limitCPU(dir, quotaPeriod*percent/100, unified)
		}
	}
	return fmt.Errorf("the lab has no node %d", node)
}

// groupOf is the directory of the group that a node is as far as CPU time goes. The
// guests' group is within it: a group of the node's processes alone would leave
// guests the whole CPU.
func groupOf(init int) (dir string, unified bool, err error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", false, err
	}
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", init))
	if err != nil {
		return "", false, err
	}
	for _, h := range cgroup.Parse(mounts, groups) {
		dir := filepath.Join(h.Mount, h.Own)
		if h.Unified {
			dir = filepath.Dir(dir) // beside the guests' group there
		}
		_, err := os.Stat(filepath.Join(dir, "cpu.max"))
		limits := h.Unified && err == nil || slices.Contains(h.Controllers, cgroup.CPU)
		if limits && strings.HasPrefix(filepath.Base(dir), "openmosix-lab-") {
			return dir, h.Unified, nil
		}
	}
	return "", false, fmt.Errorf("its init, process %d, is in no control group of its own for CPU time", init)
}

func limitCPU(dir string, quota int, unified bool) error {
	type limit struct{ file, text string }
	limits := []limit{{"cpu.cfs_period_us", strconv.Itoa(quotaPeriod)}, {"cpu.cfs_quota_us", strconv.Itoa(quota)}}
	if unified {
		limits = []limit{{"cpu.max", fmt.Sprintf("%d %d", quota, quotaPeriod)}}
	}
	for _, l := range limits {
		if err := os.WriteFile(filepath.Join(dir, l.file), []byte(l.text), 0); err != nil {
			return err
		}
	}
	return nil
}
