package guest

import (
	"maps"
	"slices"
	"testing"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Which descriptors of its own a body still has follows from what its calls say.
func TestCloses(t *testing.T) {
	const minus1 = ^uint64(0)
	for _, c := range []struct {
		name string
		nr   int
		args [6]uint64
		ret  int64
		want []int
	}{
		{"close", unix.SYS_CLOSE, [6]uint64{3}, 0, []int{4, 100}},
		{"close that was interrupted", unix.SYS_CLOSE, [6]uint64{3}, -int64(unix.EINTR), []int{4, 100}},
		{"close of another", unix.SYS_CLOSE, [6]uint64{5}, -int64(unix.EBADF), []int{3, 4, 100}},
		{"range", unix.SYS_CLOSE_RANGE, [6]uint64{4, uint64(^uint32(0))}, 0, []int{3}},
		{"range at exec", unix.SYS_CLOSE_RANGE, [6]uint64{3, 100, 4}, 0, []int{3, 4, 100}},
		{"range that fails", unix.SYS_CLOSE_RANGE, [6]uint64{3, 100, 8}, -int64(unix.EINVAL), []int{3, 4, 100}},
		{"dup2 over it", unix.SYS_DUP2, [6]uint64{7, 4}, 4, []int{3, 100}},
		{"dup2 of none", unix.SYS_DUP2, [6]uint64{7, 4}, -int64(unix.EBADF), []int{3, 4, 100}},
		{"dup2 to itself", unix.SYS_DUP2, [6]uint64{4, 4}, 4, []int{3, 4, 100}},
		{"dup3 over it", unix.SYS_DUP3, [6]uint64{minus1, 100}, 100, []int{3, 4}},
		{"another call", unix.SYS_FSTAT, [6]uint64{3}, 0, []int{3, 4, 100}},
	} {
		b := &body{}
		b.hasOpen(&soleFile{home: image.FileID{Open: []int32{3, 4, 100}}})
		b.closes(c.nr, c.args, c.ret)
		if got := slices.Sorted(maps.Keys(b.own)); !slices.Equal(got, c.want) || !b.owns.Load() {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
	b := &body{}
	b.hasOpen(&soleFile{home: image.FileID{Open: []int32{3}}})
	if b.closes(unix.SYS_CLOSE, [6]uint64{3}, 0); b.owns.Load() {
		t.Error("it has none any more")
	}
}
