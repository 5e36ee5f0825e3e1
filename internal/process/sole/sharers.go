package sole

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Sharers finds, for each object, all other processes that have it mapped or open, and why it may be reached in
// another way (empty: it cannot be): then who has it cannot all be known. What keeper
// has open does not count; it is who keeps what processes share. Not to be allowed to look is an error;
// for anonymous memory, of which there are no descriptors, only those are looked at that may have it.
func Sharers(fs procfs.FS, pid, keeper int, objects []Object) (others [][]int, why []string, err error) {
	for try := 1; ; try++ {
		others, why, waits, err := sharers(fs, pid, keeper, objects)
		if err != nil || !waits || try == maxTries {
			return others, why, err
		}
		time.Sleep(passPause) // what is on its way may arrive
	}
}

func sharers(fs procfs.FS, pid, keeper int, objects []Object) (others [][]int, why []string, waits bool, err error) {
	others, why = make([][]int, len(objects)), make([]string, len(objects))
	for _, passed := range []bool{false, true} {
		var some []Object
		var at []int
		for i := range objects {
			memory, err := InMemory(&objects[i])
			if err != nil {
				return nil, nil, false, err
			}
			if passed == (!memory || objects[i].Memfd()) {
				some, at = append(some, objects[i]), append(at, i)
			}
		}
		if len(some) == 0 {
			continue
		}
		has := func(n, other int) {
			if i := at[n]; other != pid && !slices.Contains(others[i], other) {
				others[i] = append(others[i], other)
			}
		}
		mapped := mappers(fs, pid, some, has)
		s := &search{fs: fs, pid: pid, kin: true, all: true, look: []func(pid, face int) error{mapped}}
		if passed {
			var o *openers
			o, err = newOpeners(fs, pid, some, func(n, other int, _ string) {
				if has(n, other); o.face != other {
					why[at[n]] = fmt.Sprintf("a thread of process %d has it open by descriptors of its own", other)
				}
			})
			if err != nil {
				return nil, nil, false, err
			}
			o.all, o.passes = true, func(n int, text string) { why[at[n]] = text }
			o.look = []func(pid, face int) error{o.passing, o.descriptorsBut(keeper), mapped}
			if err := o.run(); err != nil { // it has ended
				return nil, nil, false, err
			}
			o.ringed(others, why, at)
			waits = o.waits
			continue
		}
		if err := s.run(); err != nil {
			return nil, nil, false, err
		}
	}
	return others, why, waits, nil
}

// descriptorsBut is descriptors, but for those of one process.
func (o *openers) descriptorsBut(keeper int) func(pid, face int) error {
	return func(pid, face int) error {
		if pid == keeper {
			return nil
		}
		o.face = face
		return o.descriptors(pid, face)
	}
}

// ringed tells of io_uring where it could read and write what has descriptors: nobody sees that.
func (o *openers) ringed(others [][]int, why []string, at []int) {
	for _, i := range at {
		for _, pid := range append([]int{o.pid}, others[i]...) {
			if o.rings[pid] && why[i] == "" {
				why[i] = fmt.Sprintf("process %d has it, and io_uring, by which it may be reached", pid)
			}
		}
	}
}

// Joinable tells whether an object is memory that processes can share while they are on several nodes: plain,
// and not too large. Its size is in bytes. Others can come to have it, by a name or a descriptor, if it is reachable.
func Joinable(fs procfs.FS, pid int, o *Object) (size uint64, reachable, is bool, err error) {
	st, where, err := o.Look(fs, pid)
	if err != nil {
		return 0, false, false, unseenAt(o, err)
	}
	memory, err := InMemory(o)
	if err != nil {
		return 0, false, false, err
	}
	is = where.Type == unix.TMPFS_MAGIC && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size > 0
	size = (uint64(st.Size) + image.PageSize - 1) &^ (image.PageSize - 1)
	return size, !memory || o.Memfd(), is && size <= image.MaxJoint, nil
}

// unseenAt is an error of a mapping that may just have gone (os.ErrNotExist), or its process (procfs.ErrGone).
func unseenAt(o *Object, err error) error {
	if errors.Is(err, unix.ESRCH) {
		return procfs.ErrGone
	}
	return fmt.Errorf("look at %s: %w", o.Name, err)
}
