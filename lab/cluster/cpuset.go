package cluster

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A pinned node's init is started with the affinity of one CPU, which all that
// runs there inherits. A CPU set makes it a wall: a program may then ask for
// other CPUs and is refused, as on a machine that has only one. Where the
// machine offers no CPU sets to us the affinity alone has to do.

// cpuSetRoots are the places where a CPU set can be made, v1 and v2.
var cpuSetRoots = []string{"/sys/fs/cgroup/cpuset", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"}

// groupPrefix begins the names of a lab's control groups; the base directory is in it so
// that two labs of one name in different directories do not meet.
func groupPrefix(p place) string {
	h := fnv.New32a()
	h.Write([]byte(p.base))
	return fmt.Sprintf("openmosix-lab-%08x-%s-", h.Sum32(), p.name)
}

// makeCPUSet returns the path of the set, "" where there is none.
func makeCPUSet(p place, node, cpu int) (string, error) {
	if cpu == NotPinned {
		return "", nil
	}
	root, ok := cpuSetRoot()
	if !ok {
		return "", nil
	}
	dir := filepath.Join(root, nodeGroup(p, node))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make CPU set: %w", err)
	}
	// v1 wants the memory nodes named before a process may enter; v2 inherits.
	mems, err := os.ReadFile(filepath.Join(root, "cpuset.mems"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "cpuset.mems"), mems, 0)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", errors.Join(fmt.Errorf("set memory nodes: %w", err), os.Remove(dir))
	}
	if err := os.WriteFile(filepath.Join(dir, "cpuset.cpus"), []byte(strconv.Itoa(cpu)), 0); err != nil {
		return "", errors.Join(fmt.Errorf("give CPU %d to node %d: %w", cpu, node, err), os.Remove(dir))
	}
	if _, err := os.Stat(filepath.Join(dir, "cgroup.subtree_control")); err == nil {
		dir = ownGroup(dir)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return "", fmt.Errorf("make CPU set: %w", err)
		}
	}
	return dir, nil
}

func cpuSetRoot() (string, bool) {
	for _, root := range cpuSetRoots {
		var st unix.Statfs_t
		if unix.Statfs(root, &st) != nil {
			continue
		}
		switch st.Type {
		case unix.CGROUP_SUPER_MAGIC:
			if _, err := os.Stat(filepath.Join(root, "cpuset.cpus")); err == nil {
				return root, true
			}
		case unix.CGROUP2_SUPER_MAGIC:
			// Only if children already get the controller: switching it on
			// would change the machine.
			given, err := os.ReadFile(filepath.Join(root, "cgroup.subtree_control"))
			if err == nil && slices.Contains(strings.Fields(string(given)), "cpuset") {
				return root, true
			}
		}
	}
	return "", false
}

// joinGroups has a process enter control groups; an empty name is none.
func joinGroups(pid int, dirs ...string) error {
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
			return fmt.Errorf("enter control group %s: %w", dir, err)
		}
	}
	return nil
}

// removeCPUSets removes all sets of a lab. A set is busy until its last process
// has been reaped, by whoever that is up to.
func removeCPUSets(p place) error {
	for _, root := range cpuSetRoots {
		sets, err := filepath.Glob(filepath.Join(root, groupPrefix(p)+"node[0-9]*"))
		if err != nil {
			return fmt.Errorf("list CPU sets: %w", err)
		}
		for _, dir := range sets {
			if err := removeGroup(dir); err != nil {
				return fmt.Errorf("remove CPU set: %w", err)
			}
		}
	}
	return nil
}

// removeGroup removes a control group as soon as it is empty.
func removeGroup(dir string) error {
	deadline := time.Now().Add(3 * time.Second)
	err := os.Remove(dir)
	for errors.Is(err, unix.EBUSY) && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
		err = os.Remove(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
