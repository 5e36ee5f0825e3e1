package procfs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// StackPointer is that of a thread that waits in a system call, as
// /proc/pid/task/tid/syscall shows it: number, six arguments, stack pointer, instruction.
func (f FS) StackPointer(pid, tid int) (uint64, error) {
	b, err := os.ReadFile(f.Path(pid, fmt.Sprintf("task/%d/syscall", tid)))
	if err != nil {
		return 0, gone(err)
	}
	const at, words = 7, 9
	w := strings.Fields(string(b))
	if len(w) != words {
		return 0, fmt.Errorf("thread %d is in no system call: %q", tid, b)
	}
	return strconv.ParseUint(w[at], 0, 64)
}
