package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"openmosix/internal/linux/kernelfile"

	"golang.org/x/sys/unix"
)

// Hierarchy is one mounted tree of groups.
type Hierarchy struct {
	Mount       string
	Own         string // the group of this process, below Mount
	Unified     bool   // version 2
	Controllers []Controller
}

// upwards are the directories of the group of this process and of those around it, up to
// the root that this process sees.
func (h Hierarchy) upwards(yield func(dir string) bool) {
	at := path.Join("/", h.Own)
	for yield(filepath.Join(h.Mount, at)) && at != "/" {
		at = path.Dir(at)
	}
}

// wanted are the controllers a hierarchy is used for.
var wanted = []Controller{CPU, Memory, PIDs, Freezer, Accounting}

// Hierarchies finds those that are mounted here and of use.
func Hierarchies() ([]Hierarchy, error) {
	mounts, err := kernelfile.Read("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("find control groups: %w", err)
	}
	own, err := kernelfile.Read("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("find control groups: %w", err)
	}
	all := Parse(mounts, own)
	for i, h := range all {
		if !h.Unified {
			continue
		}
		text, err := kernelfile.Read(filepath.Join(h.Mount, "cgroup.controllers"))
		if err != nil {
			return nil, fmt.Errorf("find control groups: %w", err)
		}
		all[i].Controllers = those(strings.Fields(string(text)), Limited)
	}
	return all, nil
}

// Parse makes hierarchies of the texts of mountinfo and cgroup of a process.
// The controllers of version 2 stand in neither.
func Parse(mountinfo, cgroup []byte) []Hierarchy {
	var all []Hierarchy
	for line := range bytes.Lines(mountinfo) {
		// 32 31 0:29 ROOT MOUNT rw,relatime [OPTIONAL …] - TYPE SOURCE rw,cpu
		front, back, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " - ")
		before, after := strings.Fields(front), strings.Fields(back)
		if !ok || len(before) < 6 || len(after) < 3 {
			continue
		}
		h := Hierarchy{Mount: unescape(before[4]), Unified: after[0] == "cgroup2"}
		options := strings.Split(after[2], ",")
		if after[0] == "cgroup" {
			h.Controllers = those(options, wanted)
		}
		if !h.Unified && len(h.Controllers) == 0 {
			continue
		}
		if slices.ContainsFunc(all, func(o Hierarchy) bool {
			return o.Unified == h.Unified && slices.Equal(o.Controllers, h.Controllers)
		}) {
			continue // mounted twice
		}
		h.Own = below(unescape(before[3]), ownPath(cgroup, h, options))
		all = append(all, h)
	}
	return all
}

// ownPath takes the group of this process out of the lines of /proc/self/cgroup:
// NUMBER:CONTROLLERS:PATH, without controllers for version 2.
func ownPath(cgroup []byte, h Hierarchy, options []string) string {
	for line := range bytes.Lines(cgroup) {
		parts := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if h.Unified && parts[0] == "0" && parts[1] == "" {
			return parts[2]
		}
		if first, _, _ := strings.Cut(parts[1], ","); !h.Unified && first != "" && slices.Contains(options, first) {
			return parts[2]
		}
	}
	return "/"
}

// below gives a path of the hierarchy as one below the mount, which shows it
// from root downwards. What it does not show is taken for its top.
func below(root, own string) string {
	if strings.HasPrefix(own, "/..") { // outside the namespace of this process
		return "/"
	}
	own = path.Clean("/" + own)
	if root == "/" {
		return own
	}
	if rest, ok := strings.CutPrefix(own, root); ok && (rest == "" || rest[0] == '/') {
		return path.Clean("/" + rest)
	}
	return "/"
}

func those(words []string, of []Controller) []Controller {
	var out []Controller
	for _, c := range of {
		if slices.Contains(words, string(c)) {
			out = append(out, c)
		}
	}
	return out
}

// unescape undoes the kernel's octal escapes of blanks and backslashes.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// place makes the directory of a group. A share of CPU time counts among
// siblings, so what has it is placed at the top. Limits count wherever they
// are, so they are placed below the own group and what limits that holds on.
func (h Hierarchy) place(name string) (p part, top bool, err error) {
	if h.Unified || slices.Contains(h.Controllers, CPU) {
		if p, err = h.placeAt("/", name); err == nil {
			return p, true, nil
		}
		if h.Own == "/" {
			return part{}, false, err
		}
	}
	p, low := h.placeAt(h.Own, name)
	if low != nil {
		return part{}, false, errors.Join(err, low)
	}
	return p, h.Own == "/", nil
}

func (h Hierarchy) placeAt(parent, name string) (part, error) {
	dir := filepath.Join(h.Mount, parent)
	if h.Unified {
		if err := handDown(dir, h.Controllers); errors.Is(err, unix.EBUSY) && parent == h.Own {
			// A group that hands controllers down may have no process of its own.
			if err := leaveFor(filepath.Join(dir, leafName)); err != nil {
				return part{}, err
			}
			if err := handDown(dir, h.Controllers); err != nil {
				return part{}, err
			}
		} else if err != nil {
			return part{}, err
		}
	}
	for i, word := range strings.Split(filepath.Clean(name), "/") {
		if h.Unified && i > 0 {
			if err := handDown(dir, h.Controllers); err != nil {
				return part{}, err
			}
		}
		dir = filepath.Join(dir, word)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return part{}, fmt.Errorf("make control group: %w", err)
		}
	}
	return part{dir: dir, unified: h.Unified, has: h.Controllers}, nil
}

// leafName is the group for the processes of a group that gets groups within.
const leafName = "openmosix-node"

// handDown has the groups within dir get controllers.
func handDown(dir string, controllers []Controller) error {
	path := filepath.Join(dir, "cgroup.subtree_control")
	given, err := kernelfile.Read(path)
	if err != nil {
		return fmt.Errorf("hand controllers down: %w", err)
	}
	has := strings.Fields(string(given))
	var words []string
	for _, c := range controllers {
		if !slices.Contains(has, string(c)) {
			words = append(words, "+"+string(c))
		}
	}
	if len(words) == 0 {
		return nil
	}
	if err := os.WriteFile(path, []byte(strings.Join(words, " ")), 0); err != nil {
		return fmt.Errorf("hand controllers down: %w", err)
	}
	return nil
}

// leaveFor moves this process into a group.
func leaveFor(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make control group: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, procsFile), []byte("0"), 0); err != nil {
		return fmt.Errorf("enter control group: %w", err)
	}
	return nil
}
