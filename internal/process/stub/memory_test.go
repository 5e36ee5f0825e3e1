package stub

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func memory(t *testing.T, flags int) int {
	t.Helper()
	fd, err := unix.MemfdCreate("slots", flags)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// Whoever has a descriptor of the slots' memory, as the process's children may, or says that something else is that memory,
// does not have the supervisor read where there is nothing.
func TestSlotsKeepTheirSize(t *testing.T) {
	made := map[string]func(fd int) (*Region, error){
		"slots":            func(fd int) (*Region, error) { return NewRegion(1<<30, fd) },
		"the private slot": func(fd int) (*Region, error) { return NewPrivateRegion(1<<30, fd) },
	}
	for name, maps := range made {
		fd := memory(t, MemoryFlags)
		r, err := maps(fd)
		if err != nil {
			t.Fatal(name, err)
		}
		defer r.Close()
		for _, size := range []int64{0, page, 4 * RegionSlots} {
			if unix.Ftruncate(fd, size) == nil {
				t.Errorf("%s: the memory has %d bytes now", name, size)
			}
		}
		file, err := os.Create(filepath.Join(t.TempDir(), "file"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for is, fd := range map[string]int{
			"a file":                     int(file.Fd()),
			"memory that can be resized": memory(t, unix.MFD_CLOEXEC),
			"huge pages":                 memory(t, MemoryFlags|unix.MFD_HUGETLB),
		} {
			if _, err := maps(fd); err == nil {
				t.Errorf("%s are %s", name, is)
			}
		}
	}
}
