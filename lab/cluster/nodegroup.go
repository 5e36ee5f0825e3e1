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
			given, err := os.ReadFile(filepath.Join(h.Mount, "cgroup.subtree_control"))
			if err != nil || !slices.Contains(strings.Fields(string(given)), string(cgroup.CPU)) {
				continue // to switch it on would change the machine
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

// ownGroup is where the processes of a node are that are not guests: in version 2
// a group that has groups within it may have no processes of its own.
func ownGroup(dir string) string { return filepath.Join(dir, "own") }

// removeNodeGroups removes those of all nodes of a lab, wherever the daemons
// have made them: that depends on the group they were in themselves.
func removeNodeGroups(p place) error {
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
			if d.IsDir() && isNodeGroup(p, d.Name()) {
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
