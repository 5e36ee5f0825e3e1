package procfs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// VMFlags are the two-letter flags of a mapping, see proc_pid_smaps(5).
type VMFlags []string

// Has tells whether all of the flags are set.
func (f VMFlags) Has(flags ...string) bool {
	for _, flag := range flags {
		if !slices.Contains(f, flag) {
			return false
		}
	}
	return true
}

// HasAny tells whether at least one of the flags is set.
func (f VMFlags) HasAny(flags ...string) bool {
	return slices.ContainsFunc(flags, func(flag string) bool { return f.Has(flag) })
}

// Region is a mapping with what is in it: one record of /proc/pid/smaps.
type Region struct {
	Mapping
	VMFlags       VMFlags
	Rss, Swap     uint64 // bytes
	Anonymous     uint64 // bytes
	Locked        uint64 // bytes
	PageSize      uint64 // bytes, more than 4096 for hugetlb
	ProtectionKey int    // pkey_mprotect(2), 0 when none was given
	HugePages     bool   // the kernel may take transparent ones
}

// Smaps returns the memory map with the flags and usage of each mapping. The
// kernel walks all page tables for it: about a millisecond per 100 MiB present.
func (f FS) Smaps(pid int) ([]Region, error) {
	return settled(func() ([]Region, error) { return parsed(f.Path(pid, "smaps"), much, ParseSmaps) },
		func(r *Region) *Mapping { return &r.Mapping })
}

// ParseSmaps parses /proc/pid/smaps.
func ParseSmaps(b []byte) ([]Region, error) {
	var all []Region
	skip := true // inside the record of [vsyscall]
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		key, value, isDetail := detail(l)
		switch {
		case !isDetail:
			m, ok := parseMapping(l)
			if !ok {
				return nil, fmt.Errorf("mapping %q: %w", l, errFormat)
			}
			if skip = m.Name == string(vsyscall); !skip {
				all = append(all, Region{Mapping: m})
			}
		case !skip:
			all[len(all)-1].set(key, value)
		}
	}
	return all, nil
}

// detail splits "Key:   value". The first word of a mapping's own line is an
// address range and ends in no colon.
func detail(l []byte) (key string, value []byte, ok bool) {
	word, rest := field(l)
	if n := len(word) - 1; n > 0 && word[n] == ':' {
		return string(word[:n]), rest, true
	}
	return "", nil, false
}

func (r *Region) set(key string, value []byte) {
	switch key {
	case "Rss":
		r.Rss = kilobytes(value)
	case "Swap":
		r.Swap = kilobytes(value)
	case "Anonymous":
		r.Anonymous = kilobytes(value)
	case "Locked":
		r.Locked = kilobytes(value)
	case "KernelPageSize":
		r.PageSize = kilobytes(value)
	case "ProtectionKey":
		r.ProtectionKey = first(value)
	case "THPeligible":
		r.HugePages = first(value) != 0
	case "VmFlags":
		r.VMFlags = strings.Fields(string(bytes.TrimSpace(value)))
	}
}

// kilobytes reads "123 kB" as bytes.
func kilobytes(value []byte) uint64 {
	word, _ := field(value)
	n, _ := number(word, 10)
	return n << 10
}
