package procfs

import (
	"fmt"
	"strconv"
)

// TimeOffsets is how far the clocks of a process's time namespace are ahead of
// the machine's, in nanoseconds: time_namespaces(7).
type TimeOffsets struct {
	Monotonic, Boottime int64
}

// TimeOffsets of a process. What the file shows is the namespace its children
// will be in; after an execve that is the process's own.
func (f FS) TimeOffsets(pid int) (TimeOffsets, error) {
	return parsed(f.Path(pid, "timens_offsets"), little, ParseTimeOffsets)
}

// ParseTimeOffsets parses /proc/pid/timens_offsets.
func ParseTimeOffsets(b []byte) (TimeOffsets, error) {
	var o TimeOffsets
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		name, rest := field(l)
		seconds, rest := field(rest)
		nanos, _ := field(rest)
		s, err := strconv.ParseInt(string(seconds), 10, 64)
		if err != nil {
			return o, fmt.Errorf("time offset %q: %w", l, errFormat)
		}
		n, err := strconv.ParseInt(string(nanos), 10, 64)
		if err != nil {
			return o, fmt.Errorf("time offset %q: %w", l, errFormat)
		}
		switch string(name) {
		case "monotonic":
			o.Monotonic = s*1e9 + n
		case "boottime":
			o.Boottime = s*1e9 + n
		}
	}
	return o, nil
}

// BootID names this boot of this machine's kernel, "" when it cannot be read.
func (f FS) BootID() string {
	b, err := read(string(f)+"/sys/kernel/random/boot_id", little)
	if err != nil {
		return ""
	}
	id, _ := field(b)
	return string(id)
}
