package procfs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// limitNames are those of /proc/pid/limits that somebody asks for.
var limitNames = map[string]int{
	"Max cpu time": unix.RLIMIT_CPU, "Max data size": unix.RLIMIT_DATA, "Max stack size": unix.RLIMIT_STACK,
	"Max address space": unix.RLIMIT_AS, "Max locked memory": unix.RLIMIT_MEMLOCK,
}

// Limits reads limits of a process, by their RLIMIT numbers. Of another user's process prlimit(2) tells
// them only to who has CAP_SYS_RESOURCE.
func (f FS) Limits(pid int) (map[int]image.Limit, error) {
	return parsed(f.Path(pid, "limits"), little, ParseLimits)
}

// ParseLimits parses a limits file: a name of 25 bytes, and two numbers.
func ParseLimits(b []byte) (map[int]image.Limit, error) {
	const nameWidth = 25
	all := map[int]image.Limit{}
	for line := range bytes.Lines(b) {
		if len(line) < nameWidth {
			continue
		}
		number, known := limitNames[strings.TrimSpace(string(line[:nameWidth]))]
		words := strings.Fields(string(line[nameWidth:]))
		if !known || len(words) < 2 {
			continue
		}
		soft, ok1 := limit(words[0])
		hard, ok2 := limit(words[1])
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("limits with the line %q: %w", line, errFormat)
		}
		all[number] = image.Limit{Cur: soft, Max: hard}
	}
	if len(all) != len(limitNames) {
		return nil, fmt.Errorf("limits without all that there are: %w", errFormat)
	}
	return all, nil
}

func limit(word string) (uint64, bool) {
	if word == "unlimited" {
		return unix.RLIM_INFINITY, true
	}
	n, err := strconv.ParseUint(word, 10, 64)
	return n, err == nil
}
