// Package memlimit reads how much memory the control groups of this process
// leave it: in a container less than the machine has.
//
// Only the unified hierarchy (version 2) is known. What is not limited, or
// cannot be read, is no limit.
package memlimit

import (
	"bytes"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// Limit is in bytes; None where there is none.
type Limit struct {
	Total uint64 // the least that a group of this process may have
	Left  uint64 // the least that one has left, caches that can be dropped counted in
}

// None says that nothing is limited.
var None = Limit{math.MaxUint64, math.MaxUint64}

// Read looks at the groups of this process, up to the root that it sees.
func Read() Limit {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return None
	}
	return read("/sys/fs/cgroup", text)
}

// read is Read of a hierarchy mounted there.
func read(root string, membership []byte) Limit {
	at, found := groupOf(membership)
	out := None
	if !found {
		return out
	}
	for {
		out = out.with(filepath.Join(root, at))
		if at == "/" {
			return out
		}
		at = path.Dir(at)
	}
}

// groupOf finds the group in the text of /proc/PID/cgroup. One outside the
// namespace of this process (/../x) cannot be looked at: the root it sees is
// taken instead.
func groupOf(membership []byte) (string, bool) {
	for line := range bytes.Lines(membership) {
		if group, unified := bytes.CutPrefix(bytes.TrimSpace(line), []byte("0::")); unified && len(group) > 0 {
			if bytes.HasPrefix(group, []byte("/..")) {
				return "/", true
			}
			return path.Clean("/" + string(group)), true
		}
	}
	return "", false
}

// with is the limit with that of one more group.
func (l Limit) with(group string) Limit {
	most, limited := number(filepath.Join(group, "memory.max"))
	used, known := number(filepath.Join(group, "memory.current"))
	if !limited || !known {
		return l
	}
	// What was read from files and not used lately is dropped before anything else.
	used -= min(used, inactive(filepath.Join(group, "memory.stat")))
	return Limit{Total: min(l.Total, most), Left: min(l.Left, most-min(most, used))}
}

// number of a file that holds one; "max" is none.
func number(file string) (uint64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil
}

func inactive(file string) uint64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if value, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("inactive_file ")); found {
			n, _ := strconv.ParseUint(string(value), 10, 64) // what is no number frees nothing
			return n
		}
	}
	return 0
}
