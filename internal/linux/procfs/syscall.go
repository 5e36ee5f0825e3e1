package procfs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Call is the system call in which a thread waits.
type Call struct {
	Nr     int
	Args   [6]uint64
	SP, IP uint64
}

// Call tells in which call a thread waits. An error: it runs, or waits in none.
func (f FS) Call(pid, tid int) (Call, error) {
	return parsed(f.TaskPath(pid, tid, "syscall"), little, ParseCall)
}

// ParseCall parses /proc/pid/task/tid/syscall: number, six arguments, stack pointer, instruction.
func ParseCall(b []byte) (Call, error) {
	var c Call
	const words = 9
	w := strings.Fields(string(b))
	if len(w) != words {
		return c, fmt.Errorf("in no system call: %q", b)
	}
	nr, err := strconv.ParseUint(w[0], 10, 31)
	if err != nil {
		return c, fmt.Errorf("number of a system call: %w", err)
	}
	c.Nr = int(nr)
	for i, to := range []*uint64{&c.Args[0], &c.Args[1], &c.Args[2], &c.Args[3], &c.Args[4], &c.Args[5], &c.SP, &c.IP} {
		if *to, err = strconv.ParseUint(w[1+i], 0, 64); err != nil {
			return c, fmt.Errorf("argument of a system call: %w", err)
		}
	}
	return c, nil
}

// WaitsIn names the function of the kernel in which a thread sleeps; "": nobody knows, or it does not.
func (f FS) WaitsIn(pid, tid int) string {
	b, err := os.ReadFile(f.TaskPath(pid, tid, "wchan"))
	if err != nil || string(b) == "0" {
		return ""
	}
	return string(b)
}
