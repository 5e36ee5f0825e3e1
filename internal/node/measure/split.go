package measure

import (
	"slices"

	"openmosix/internal/linux/procfs"
)

// Split is who wants CPUs at one moment, counted in threads that run or want to.
type Split struct {
	Guests int
	Owner  int // everybody else
	// Trees are the processes of guests, by the root they descend from.
	Trees map[int][]int
}

// Of looks at all processes of this pid namespace once. Guests are what descends
// from the roots: a guest supervisor adopts what its guests leave behind. The
// process self is not counted: it runs because it counts.
func Of(proc procfs.FS, roots []int, self int) (Split, error) {
	pids, err := proc.Pids()
	if err != nil {
		return Split{}, err
	}
	c := census{proc: proc}
	stats := make(map[int]*procfs.Stat, len(pids))
	for _, pid := range pids {
		if stat, err := proc.Stat(pid); err == nil && pid != self {
			stats[pid] = stat
		}
	}
	s := Split{Trees: map[int][]int{}}
	for pid, stat := range stats {
		n := c.running(pid, stat)
		if root, is := rootOf(stats, pid, roots); is {
			s.Guests += n
			s.Trees[root] = append(s.Trees[root], pid)
		} else {
			s.Owner += n
		}
	}
	return s, nil
}

// rootOf climbs from a process to one of the roots.
func rootOf(stats map[int]*procfs.Stat, pid int, roots []int) (int, bool) {
	// Numbers are used again while it is looked, so there may be circles.
	for range len(stats) {
		if slices.Contains(roots, pid) {
			return pid, true
		}
		stat, known := stats[pid]
		if !known {
			return 0, false
		}
		pid = stat.PPid
	}
	return 0, false
}
