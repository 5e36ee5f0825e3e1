package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/linux/cgroup"
	"openmosix/internal/node/config"
	"openmosix/internal/node/lodging"
)

// Each node is a control group as far as CPU time goes: programs of one node
// compete with its guests as on a machine of their own, and with the other nodes
// only as a whole. Its daemon makes the guests' group within it, under the name
// it is configured with. Where no such group can be made, the node goes without.

// nodeGroup is the name of a node's group in every hierarchy.
func nodeGroup(p place, node int) string { return groupPrefix(p) + "node" + strconv.Itoa(node) }

// guestGroup is the path of the group in which its guests live.
func guestGroup(p place, node int) string { return filepath.Join(nodeGroup(p, node), "guests") }

// makeNodeGroup returns the directory a node's init is to enter, "" where there is none.
func makeNodeGroup(p place, node int) (string, error) {
	all, err := cgroup.Hierarchies()
	if err != nil {
		return "", nil // as on a machine without control groups
	}
	for _, h := range all {
		if !slices.Contains(h.Controllers, cgroup.CPU) {
			continue
		}
		dir := filepath.Join(h.Mount, nodeGroup(p, node))
		if h.Unified {
			if !handsDown(h, cgroup.CPU) {
				continue
			}
			dir = ownGroup(dir)
		}
		err := os.MkdirAll(dir, 0o755)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("make node group: %w", err)
		}
		return dir, nil
	}
	return "", nil
}

// makeMemoryGroup returns the directory a node's init is to enter so that all that
// runs there, guests too, has so many MiB of memory; "" if it may have all.
func makeMemoryGroup(p place, node, mib int) (string, error) {
	if mib == AllMemory {
		return "", nil
	}
	all, err := cgroup.Hierarchies()
	if err != nil {
		return "", fmt.Errorf("give a node memory of its own: %w", err)
	}
	for _, h := range all {
		if !slices.Contains(h.Controllers, cgroup.Memory) {
			continue
		}
		// Below the own group, whose limits then go on holding.
		dir := filepath.Join(h.Mount, h.Own, nodeGroup(p, node))
		enter := dir
		if h.Unified {
			if !handsDown(h, cgroup.Memory) {
				continue
			}
			dir = filepath.Join(h.Mount, nodeGroup(p, node)) // where its CPU time is
			enter = ownGroup(dir)
		}
		if err := os.MkdirAll(enter, 0o755); err != nil {
			return "", fmt.Errorf("make node group: %w", err)
		}
		return enter, limitMemory(dir, mib, h.Unified)
	}
	return "", errors.New("a node cannot have memory of its own here: no control group of memory can be made")
}

// limitMemory of a group. What is beyond goes to no swap space either, as far as
// the kernel counts that.
func limitMemory(dir string, mib int, unified bool) error {
	limit := strconv.Itoa(mib << 20)
	memory, swap, none := "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", limit // the sum of both
	if unified {
		memory, swap, none = "memory.max", "memory.swap.max", "0"
	}
	if err := os.WriteFile(filepath.Join(dir, memory), []byte(limit), 0); err != nil {
		return fmt.Errorf("limit the memory of a node: %w", err)
	}
	err := os.WriteFile(filepath.Join(dir, swap), []byte(none), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("keep a node from swap space: %w", err)
	}
	return nil
}

// handsDown tells whether the groups at the top of version 2 get a controller: to
// switch it on would change the machine.
func handsDown(h cgroup.Hierarchy, c cgroup.Controller) bool {
	given, err := os.ReadFile(filepath.Join(h.Mount, "cgroup.subtree_control"))
	return err == nil && slices.Contains(strings.Fields(string(given)), string(c))
}

// ownGroup is where the processes of a node are that are not guests: in version 2
// a group that has groups within it may have no processes of its own.
func ownGroup(dir string) string { return filepath.Join(dir, "own") }

// removeNodeGroups removes those of all nodes of a lab, wherever the daemons
// have made them: that depends on the group they were in themselves. A daemon whose
// configuration was changed may have made one by its default name, and had no time
// to remove it.
func removeNodeGroups(p place) error {
	byDefault := map[string]bool{}
	if s, err := p.load(); err == nil {
		for _, n := range s.Nodes {
			if n.PIDSpace != "" {
				byDefault[lodging.GroupOf(config.DefaultRunDir, n.PIDSpace)] = true
			}
		}
	}
	all, err := cgroup.Hierarchies()
	if err != nil {
		return nil // then there are none
	}
	for _, h := range all {
		var found []string
		in := "" // the last one found
		err := filepath.WalkDir(h.Mount, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // somebody else's, and gone
			}
			if d.IsDir() && (isNodeGroup(p, d.Name()) || byDefault[d.Name()]) {
				in = path + "/"
			}
			if d.IsDir() && in != "" && strings.HasPrefix(path+"/", in) { // what is within goes, too
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("look for node groups: %w", err)
		}
		slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) }) // what is within first
		for _, dir := range found {
			if err := removeGroup(dir); err != nil {
				return fmt.Errorf("remove node group: %w", err)
			}
		}
	}
	return nil
}

func isNodeGroup(p place, name string) bool {
	number, is := strings.CutPrefix(name, groupPrefix(p)+"node")
	_, err := strconv.Atoi(number)
	return is && err == nil
}
