package cluster

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/linux/cgroup"
)

// The daemon of a node makes a control group for its guests under the name it is
// configured with. It is the lab's own, so that nodes do not meet and the groups
// of a node that was killed can be found.

func guestGroup(p place, node int) string {
	return groupPrefix(p) + "guests" + strconv.Itoa(node)
}

// removeGuestGroups removes those of all nodes of a lab, wherever the daemons
// have made them: that depends on the group they were in themselves.
func removeGuestGroups(p place) error {
	all, err := cgroup.Hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		var found []string
		in := "" // the last one found
		err := filepath.WalkDir(h.Mount, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // somebody else's, and gone
			}
			if d.IsDir() && isGuestGroup(p, d.Name()) {
				in = path + "/"
			}
			if d.IsDir() && in != "" && strings.HasPrefix(path+"/", in) { // what is within goes, too
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("look for groups of guests: %w", err)
		}
		slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) }) // what is within first
		for _, dir := range found {
			if err := removeGroup(dir); err != nil {
				return fmt.Errorf("remove group of guests: %w", err)
			}
		}
	}
	return nil
}

func isGuestGroup(p place, name string) bool {
	number, is := strings.CutPrefix(name, groupPrefix(p)+"guests")
	_, err := strconv.Atoi(number)
	return is && err == nil
}
