package syscalls

import (
	"encoding/binary"
	"slices"
	"testing"
)

func TestReach(t *testing.T) {
	for name, c := range map[string]struct {
		nr    int
		args  [6]uint64
		reach Reach
		fds   []int
	}{
		"read":             {0, [6]uint64{7}, ReachContents, []int{7}},
		"copy_file_range":  {326, [6]uint64{5, 0, 6}, ReachContents, []int{5, 6}},
		"lseek to a place": {8, [6]uint64{7, 9, 0}, ReachNone, nil},
		"lseek to a hole":  {8, [6]uint64{7, 9, 4}, ReachContents, []int{7}},
		"ftruncate":        {77, [6]uint64{1<<32 | 4}, ReachBeyond, []int{4}},
		"mmap of memory":   {9, [6]uint64{0, 4096, 3, 0x22, ^uint64(0)}, ReachNone, nil},
		"mmap of a file":   {9, [6]uint64{0, 4096, 3, 1, 8}, ReachBeyond, []int{8}},
		"io_uring":         {426, [6]uint64{9}, ReachAny, nil},
		"futex":            {202, [6]uint64{7}, ReachNone, nil},
	} {
		if reach, fds := ReachOf(c.nr, c.args); reach != c.reach || !slices.Equal(fds, c.fds) {
			t.Errorf("%s: %d by %v", name, reach, fds)
		}
	}
}

func TestRights(t *testing.T) {
	message := func(level, kind uint32, fds ...uint32) []byte {
		b := binary.LittleEndian.AppendUint64(nil, uint64(16+4*len(fds)))
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, level), kind)
		for _, fd := range fds {
			b = binary.LittleEndian.AppendUint32(b, fd)
		}
		return append(b, make([]byte, -len(b)&7)...)
	}
	control := append(message(1, 1, 3, 4, 5), append(message(1, 2, 9, 9, 9), message(1, 1, 6)...)...)
	if got := Rights(control); !slices.Equal(got, []int{3, 4, 5, 6}) {
		t.Error(got)
	}
}

func FuzzRights(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := len(Rights(b)); 4*n > len(b) {
			t.Errorf("%d descriptors in %d bytes", n, len(b))
		}
	})
}
