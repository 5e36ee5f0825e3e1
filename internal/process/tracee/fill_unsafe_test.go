package tracee

import (
	"bytes"
	"os"
	"testing"
	"unsafe"

	"openmosix/internal/linux/mem"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// What is stored is there, whether a place is filled, holds something already, or lies in a
// mapping in which nothing is filled; and in both ways of the last.
func TestFilling(t *testing.T) {
	const page, pages = image.PageSize, 64
	b, err := unix.Mmap(-1, 0, pages*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(b) }()
	_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE) // it may not know that
	start := uint64(uintptr(unsafe.Pointer(&b[0])))
	part := func(from, to int) image.Range {
		return image.Range{Start: start + uint64(from*page), End: start + uint64(to*page)}
	}
	space, err := mem.Open(os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	fd, err := uffd.Open(unix.O_CLOEXEC|uffd.UserModeOnly, 0)
	if err != nil {
		t.Skip("no userfaultfd:", err)
	}
	for _, i := range []int{5, 6, 7, 20, 40} {
		b[i*page] = 1
	}
	f := &Filling{space: space}
	f.fill(fd, []image.Range{part(0, 16), part(16, 32), part(48, 64)})
	if len(f.empty) != 3 {
		t.Fatal(f.empty)
	}
	want := make([]byte, len(b))
	store := func(from, to int) {
		t.Helper()
		p := want[from*page : to*page]
		for i := range p {
			p[i] = byte(i/page+from) ^ byte(i)
		}
		if err := f.Write(part(from, to).Start, p); err != nil {
			t.Error(from, to, err)
		}
	}
	store(2, 60) // all kinds
	store(4, 9)  // once more
	store(0, 1)
	f.Close()
	store(60, 64)
	if !bytes.Equal(b, want) {
		for i := range pages {
			if !bytes.Equal(b[i*page:(i+1)*page], want[i*page:(i+1)*page]) {
				t.Errorf("page %d differs", i)
			}
		}
	}
}
