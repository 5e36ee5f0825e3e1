package sole

import (
	"fmt"
	"slices"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Sharers finds, for each object, all other processes that have it mapped, and why it may be reached in
// another way than by mappings (empty: it cannot be): then who has it cannot all be known. What keeper
// has open does not count; it is who keeps what processes share. Not to be allowed to look is an error.
func Sharers(fs procfs.FS, pid, keeper int, objects []Object) (others [][]int, why []string, err error) {
	others, why = make([][]int, len(objects)), make([]string, len(objects))
	o, err := newOpeners(fs, pid, objects, func(at, _ int, text string) { why[at] = text })
	if err != nil {
		return nil, nil, err
	}
	o.all = true
	mapped := mappers(fs, pid, objects, func(at, other int) {
		if !slices.Contains(others[at], other) {
			others[at] = append(others[at], other)
		}
	})
	descriptors := func(other, face int) error {
		if other == keeper {
			return nil
		}
		return o.descriptors(other, face)
	}
	o.look = []func(pid, face int) error{o.passing, descriptors, mapped}
	return others, why, o.run()
}

// Joinable tells whether an object is memory that only mappings lead to, small, and plain: then processes
// that share it can be on several nodes. Its size is in bytes.
func Joinable(fs procfs.FS, pid int, o *Object) (size uint64, is bool, err error) {
	path := fs.MapFile(pid, o.Range)
	var st unix.Stat_t
	var where unix.Statfs_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, false, fmt.Errorf("look at %s: %w", o.Name, err)
	}
	if err := unix.Statfs(path, &where); err != nil {
		return 0, false, fmt.Errorf("look at %s: %w", o.Name, err)
	}
	open, err := Showing(fs, pid, &st)
	if err != nil {
		return 0, false, err
	}
	is = where.Type == unix.TMPFS_MAGIC && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Nlink == 0 && st.Size > 0 && len(open) == 0
	size = (uint64(st.Size) + image.PageSize - 1) &^ (image.PageSize - 1)
	return size, is && size <= image.MaxJoint, nil
}
