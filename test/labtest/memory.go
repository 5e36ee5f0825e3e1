package labtest

import (
	"context"
	"fmt"
	"strconv"
)

// anonymous prints how much memory of their own the processes of a node have
// that was made with memory of its own: of version 1 or 2 of control groups.
const anonymous = `one=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
two=$(sed -n 's/^0:://p' /proc/self/cgroup)
if [ -n "$one" ]; then exec awk '$1 == "total_rss" { print $2 }' "/sys/fs/cgroup/memory$one/memory.stat"; fi
exec awk '$1 == "anon" { print $2 }' "/sys/fs/cgroup${two%/own}/memory.stat"`

// MemoryUsed is how many bytes the processes of a node have that is not of files,
// in a lab of UpMemory.
func (l *Lab) MemoryUsed(ctx context.Context, node int) (uint64, error) {
	text, err := l.Shell(ctx, node, anonymous)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory of node %d: %w", node, err)
	}
	return n, nil
}
