package check

import (
	"slices"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"
	"openmosix/internal/process/sole"
)

// Family lists the other processes with which one shares memory in such a way that they can be on several
// nodes, if all are looked after by one supervisor. What cannot be looked at is left out: the move will tell.
func (c Checker) Family(pid int) []int {
	maps, err := c.FS.Maps(pid)
	if err != nil {
		return nil
	}
	var objects []sole.Object
	for i := range maps {
		m := &maps[i]
		o := sole.Object{Range: m.Range, Dev: m.Dev, Ino: m.Ino, Name: m.Name}
		if !m.Shared || m.Ino == 0 || m.Prot&image.ProtWrite == 0 || slices.ContainsFunc(objects, func(known sole.Object) bool { return known.Dev == o.Dev && known.Ino == o.Ino }) {
			continue
		}
		if _, _, is, err := sole.Joinable(c.FS, pid, &o); err == nil && is {
			objects = append(objects, o)
		}
	}
	if len(objects) == 0 {
		return nil
	}
	kin, err := sole.KinOf(c.FS, pid, objects, c.ours)
	if err != nil {
		return nil
	}
	var all []int
	for _, some := range kin.Others {
		all = append(all, some...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// FamilyHere is Family on this machine.
func FamilyHere(pid int) []int { return Checker{FS: procfs.FS("/proc")}.Family(pid) }
