package tracee

import (
	"os"
	"testing"

	"openmosix/internal/linux/mem"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// A page that the memory has no place for waits until there is one.
func TestEarlyPages(t *testing.T) {
	space, err := mem.Open(os.Getpid(), nil)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = space.Close() }()
	const pages = 3
	m, err := unix.Mmap(-1, 0, pages*image.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	at := startOf(m)
	hole := at + image.PageSize
	if _, _, errno := unix.Syscall(unix.SYS_MUNMAP, uintptr(hole), image.PageSize, 0); errno != 0 {
		t.Fatal(errno)
	}
	data := le.AppendUint64(nil, at)
	for i := range pages * image.PageSize {
		data = append(data, byte(1+i/image.PageSize))
	}
	var e EarlyPages
	stored, err := e.Store(space, data)
	if err != nil || len(stored) != 2 || len(e) != 1 {
		t.Fatalf("%v: stored %v, kept %d", err, stored, len(e))
	}
	if _, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(hole), image.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_FIXED, ^uintptr(0), 0); errno != 0 {
		t.Fatal(errno)
	}
	if err := e.StoreRest(space, []image.VMA{{Range: image.Range{Start: at, End: at + pages*image.PageSize}, Kind: image.Anonymous}}); err != nil {
		t.Fatal(err)
	}
	for i := range pages {
		if m[i*image.PageSize] != byte(1+i) {
			t.Errorf("page %d holds %d", i, m[i*image.PageSize])
		}
	}
	if len(e) != 0 {
		t.Error("something is still kept")
	}
	if _, err := e.Store(space, []byte{1}); err == nil {
		t.Error("a short frame is taken")
	}
}
