package cgroup

import (
	"errors"
	"math"
	"slices"
	"sync"
	"time"
)

// MemoryLimit is what the groups of this process leave it, in bytes: in a container
// less than the machine has. math.MaxUint64 where nothing limits it.
type MemoryLimit struct {
	Total uint64 // the least that a group of this process may have
	Left  uint64 // the least that one has left, caches that can be dropped counted in
}

// Unlimited is told where nothing is limited, or nothing can be read.
var Unlimited = MemoryLimit{math.MaxUint64, math.MaxUint64}

// Own are the groups of this process. It may be used by several goroutines.
type Own struct {
	mu     sync.Mutex
	found  []Hierarchy
	looked time.Time
}

// lookAgain is how long what was found is relied on: a process is seldom put into
// another group, and hardly ever is a hierarchy mounted.
const lookAgain = 10 * time.Second

// Memory looks at the groups, up to the root that this process sees.
func (o *Own) Memory() MemoryLimit {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.looked.IsZero() || time.Since(o.looked) > lookAgain {
		all, err := Hierarchies()
		if err != nil {
			return Unlimited
		}
		o.found, o.looked = all, time.Now()
	}
	return memoryIn(o.found)
}

func memoryIn(all []Hierarchy) MemoryLimit {
	out := Unlimited
	for _, h := range all {
		if !slices.Contains(h.Controllers, Memory) {
			continue
		}
		for dir := range h.upwards {
			out = out.with(part{dir: dir, unified: h.Unified})
		}
	}
	return out
}

// memoryFiles are those that tell of memory: what the group may have, what it
// uses, and of that what was read from files and not used lately, with the
// groups within.
type memoryFiles struct{ most, used, stat, inactive string }

var (
	memoryFirst   = memoryFiles{"memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat", "total_inactive_file"}
	memoryUnified = memoryFiles{"memory.max", "memory.current", "memory.stat", "inactive_file"}
)

// noLimit is from where on a limit of version 1 is none: it says the highest
// number of pages there can be.
const noLimit = 1 << 62

// with is the limit with that of one more group.
func (l MemoryLimit) with(p part) MemoryLimit {
	names := memoryFirst
	if p.unified {
		names = memoryUnified
	}
	most, err := p.number(names.most)
	used, err2 := p.number(names.used)
	if errors.Join(err, err2) != nil || most >= noLimit { // also "max", which is no number
		return l
	}
	// Those are dropped before anything else.
	if inactive, err := p.entry(names.stat, names.inactive); err == nil {
		used -= min(used, inactive)
	}
	return MemoryLimit{Total: min(l.Total, most), Left: min(l.Left, most-min(most, used))}
}
