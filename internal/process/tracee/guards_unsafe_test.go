package tracee

import (
	"os"
	"slices"
	"testing"
	"unsafe"

	"openmosix/internal/linux/mem"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// TestGuards: both ways to find guard regions find the same ones, beside pages without
// rights and pages that were never there.
func TestGuards(t *testing.T) {
	if !mem.HasGuards() {
		t.Skip("this kernel has no guard regions")
	}
	const page, pages = image.PageSize, 64
	b, err := unix.Mmap(-1, 0, pages*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	for i := 0; i < pages/2; i++ {
		b[i*page] = 1
	}
	start := uint64(uintptr(unsafe.Pointer(&b[0])))
	at := func(from, to uint64) image.Range {
		return image.Range{Start: start + from*page, End: start + to*page}
	}
	for _, r := range [][2]int{{3, 5}, {20, 21}, {40, 42}} {
		if err := unix.Madvise(b[r[0]*page:r[1]*page], unix.MADV_GUARD_INSTALL); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mprotect(b[8*page:22*page], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	space, err := mem.Open(os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	p := &Process{Mem: space}
	vmas := []image.VMA{{Range: at(0, pages), Kind: image.Anonymous}}
	want := []image.Range{at(3, 5), at(20, 21), at(40, 42)}
	if got, err := p.Guards(vmas); err != nil || !slices.Equal(got, want) {
		t.Error("told:", got, err)
	}
	singly, err := p.unreadable(at(0, pages))
	if want := []image.Range{at(3, 4), at(4, 5), at(20, 21), at(40, 41), at(41, 42)}; err != nil || !slices.Equal(singly, want) {
		t.Error("found:", singly, err)
	}
	present, err := p.PrivatePages(vmas)
	if want := []image.Range{at(0, 3), at(5, 20), at(21, pages/2)}; err != nil || !slices.Equal(present, want) {
		t.Error("present:", present, err)
	}
	if held, guards, err := p.Contents(vmas); err != nil || !slices.Equal(held, present) || !slices.Equal(guards, want) {
		t.Error("in one look:", held, guards, err)
	}
}
