package deputy

import (
	"testing"

	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// slots is the memory of slots, as the process has it.
func slots(t *testing.T) (*stub.Region, []byte) {
	t.Helper()
	fd, err := unix.MemfdCreate("slots", stub.MemoryFlags)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	r, err := stub.NewRegion(1<<30, fd)
	if err != nil {
		t.Fatal(err)
	}
	its, err := unix.Mmap(fd, 0, stub.SlotSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(its) })
	return r, its
}
