// Package cgroup makes control groups: it finds the hierarchies of this machine,
// of version 1, version 2 or both, makes a group of one name in all that are of
// use, sets its limits, starts processes in it, counts what they use, and
// removes it; and it reads how much memory the groups of this process leave it.
// What a group is for, and what its limits are, is not known here.
//
// A Group is a name for directories and holds nothing; its methods may be called
// from several goroutines. Who writes a limit last wins.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Controller is a kind of resource, by the kernel's name.
type Controller string

// Controllers a group is made for.
const (
	CPU    Controller = "cpu"
	Memory Controller = "memory"
	PIDs   Controller = "pids"
	// Freezer and Accounting are controllers of version 1 only; every group of
	// version 2 can be frozen and counts CPU time.
	Freezer    Controller = "freezer"
	Accounting Controller = "cpuacct"
)

// Limited are the controllers that limit something.
var Limited = []Controller{CPU, Memory, PIDs}

// ErrNone is wrapped when no group can be made on this machine.
var ErrNone = errors.New("no control group can be made here")

// part is the group's directory in one hierarchy.
type part struct {
	dir     string
	unified bool
	has     []Controller
}

// Group is one group, in every hierarchy that is of use.
type Group struct {
	parts []part
	top   bool // its share of the CPUs is measured against everything on this machine
}

// Make makes the group of a name, or finds it, so that its share of the CPUs is
// measured against as much of the machine as possible.
func Make(name string) (*Group, error) {
	all, err := Hierarchies()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	return makeIn(all, name)
}

func makeIn(all []Hierarchy, name string) (*Group, error) {
	if name == "" || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%w: %q is no path below a hierarchy", ErrNone, name)
	}
	g := &Group{}
	var failed error
	for _, h := range all {
		p, top, err := h.place(name)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		g.parts = append(g.parts, p)
		if slices.Contains(p.has, CPU) {
			g.top = top
		}
	}
	if len(g.Lacks()) == len(Limited) {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrNone, errors.Join(failed, errors.New("no hierarchy has a controller for CPUs, memory or processes"))), g.Remove(0))
	}
	return g, nil
}

// Child makes a group within this one, or finds it.
func (g *Group) Child(name string) (*Group, error) {
	child := &Group{top: g.top}
	for _, p := range g.parts {
		if p.unified {
			if err := handDown(p.dir, p.has); err != nil {
				return nil, err
			}
		}
		dir := filepath.Join(p.dir, name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make control group: %w", err)
		}
		child.parts = append(child.parts, part{dir: dir, unified: p.unified, has: p.has})
	}
	return child, nil
}

// Children are the names of the groups within this one.
func (g *Group) Children() []string {
	var names []string
	for _, p := range g.parts {
		entries, err := os.ReadDir(p.dir)
		if err != nil {
			continue // it has been removed
		}
		for _, e := range entries {
			if e.IsDir() && !slices.Contains(names, e.Name()) {
				names = append(names, e.Name())
			}
		}
	}
	return names
}

// Lacks are the controllers that limit something and cannot be had.
func (g *Group) Lacks() []Controller {
	var lacks []Controller
	for _, c := range Limited {
		if _, ok := g.with(c); !ok {
			lacks = append(lacks, c)
		}
	}
	return lacks
}

// Top tells whether the group's share of the CPUs counts against everything that
// runs on the machine, and not only against its siblings in a group of its own.
func (g *Group) Top() bool { return g.top }

// String names the directories.
func (g *Group) String() string {
	var dirs []string
	for _, p := range g.parts {
		if p.unified && len(p.has) == 0 && len(g.parts) > 1 {
			continue // it limits nothing
		}
		dirs = append(dirs, p.dir)
	}
	return strings.Join(dirs, ", ")
}

// Place is the directory that tells most of the group: where it limits CPU time,
// or else the first.
func (g *Group) Place() string {
	if p, ok := g.with(CPU); ok {
		return p.dir
	}
	return g.parts[0].dir
}

// with finds the part with a controller.
func (g *Group) with(c Controller) (part, bool) {
	for _, p := range g.parts {
		if slices.Contains(p.has, c) || (p.unified && (c == Freezer || c == Accounting)) {
			return p, true
		}
	}
	return part{}, false
}
