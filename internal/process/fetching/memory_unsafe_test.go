package fetching

import (
	"testing"
	"unsafe"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// anonymous is memory of its own.
func anonymous(t *testing.T, pages int) ([]byte, image.Range) {
	t.Helper()
	b, err := unix.Mmap(-1, 0, pages*image.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(b) })
	start := uint64(uintptr(unsafe.Pointer(&b[0])))
	return b, image.Range{Start: start, End: start + uint64(len(b))}
}
