package config

import (
	"fmt"
	"path/filepath"

	"openmosix/internal/model/hours"
)

// Open is when guests are taken. Precondition: Check has found nothing.
func (g Guests) Open() hours.Hours {
	h, _ := hours.Parse(g.Hours) // checked
	return h
}

func (g Guests) check() error {
	switch {
	case g.Max < 1 || g.Max > 10_000:
		return fmt.Errorf("guests.max = %d: expected 1…10000 (accept = false lends nothing)", g.Max)
	case g.UIDBase < 65536 || uint64(g.UIDBase)+uint64(g.Max) > uidLast:
		return fmt.Errorf("guests.uid_base = %d: needs %d user ids of its own from 65536 upwards", g.UIDBase, g.Max)
	case !(g.LoadLimit >= 0 && g.LoadLimit <= maxLoad): // so that NaN is none
		return fmt.Errorf("guests.load_limit = %v: expected 0…%d, 0 for no limit", g.LoadLimit, maxLoad)
	case g.OOM != OOMFirst && g.OOM != OOMNormal && g.OOM != OOMNever:
		return fmt.Errorf("guests.oom = %q: expected %s, %s or %s", g.OOM, OOMFirst, OOMNormal, OOMNever)
	}
	if g.CGroup != "" && !filepath.IsLocal(g.CGroup) {
		return fmt.Errorf("guests.cgroup = %q: expected a path below the mount point of control groups, as openmosix-guests", g.CGroup)
	}
	if g.CacheDir != "" && !filepath.IsAbs(g.CacheDir) {
		return fmt.Errorf("guests.cache_dir = %q: expected an absolute path, or nothing for files in state_dir", g.CacheDir)
	}
	for _, n := range []struct {
		name               string
		value, least, most uint64
	}{
		{"weight", uint64(g.Weight), 0, 10_000},
		{"cpu_percent", uint64(g.CPUPercent), 0, 100},
		{"memory_mib", g.Memory, 0, 1 << 40},
		{"cache_mib", g.Cache, 0, 1 << 30},
		{"each_memory_mib", g.EachMemory, 0, 1 << 40},
		{"each_pids", uint64(g.EachPIDs), 0, 4 << 20},
		{"owner_seconds", uint64(g.OwnerSeconds), 1, 3600},
		{"owner_idle_minutes", uint64(g.OwnerIdleMinutes), 0, 7 * 24 * 60},
	} {
		if n.value < n.least || n.value > n.most { // a negative one is a very large one
			return fmt.Errorf("guests.%s = %d: expected %d…%d", n.name, int64(n.value), n.least, n.most)
		}
	}
	if g.EachPIDs != 0 && g.EachPIDs < leastPIDs {
		return fmt.Errorf("guests.each_pids = %d: expected %d or more, which the supervisor of a guest needs itself, or 0 for no limit", g.EachPIDs, leastPIDs)
	}
	if _, err := hours.Parse(g.Hours); err != nil {
		return fmt.Errorf("guests.hours: %w", err)
	}
	return nil
}

// maxLoad is more than any node bears.
const maxLoad = 1_000_000

// leastPIDs is what a guest supervisor may take for itself, and some for the guest.
const leastPIDs = 64
