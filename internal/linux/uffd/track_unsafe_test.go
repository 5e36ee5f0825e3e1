package uffd

import (
	"errors"
	"os"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"openmosix/internal/linux/pagemap"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

const page = image.PageSize

// anonymous maps memory without transparent huge pages, so that a write makes one page.
func anonymous(t *testing.T, pages int) ([]byte, image.Range) {
	t.Helper()
	b, err := unix.Mmap(-1, 0, pages*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(b); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Madvise(b, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL {
		t.Fatal(err)
	}
	start := uint64(uintptr(unsafe.Pointer(&b[0])))
	return b, image.Range{Start: start, End: start + uint64(len(b))}
}

func openPagemap(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func track(t *testing.T, r image.Range) {
	t.Helper()
	u, err := Open(unix.O_CLOEXEC|UserModeOnly, TrackWrites)
	if err != nil {
		t.Skip("this kernel does not track writes:", err)
	}
	t.Cleanup(func() {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := u.Register(r.Start, r.Len(), ModeWP); err != nil {
		t.Fatal(err)
	}
}

// pages turns ranges into page numbers relative to r.
func pages(r image.Range, found []image.Range) []int {
	all := []int{}
	for _, f := range found {
		for a := f.Start; a < f.End; a += page {
			all = append(all, int((a-r.Start)/page))
		}
	}
	return all
}

func TestWrittenPages(t *testing.T) {
	b, r := anonymous(t, 16)
	pm := openPagemap(t)
	b[0], b[3*page] = 1, 1
	track(t, r)
	expect := func(what string, found []image.Range, err error, want ...int) {
		t.Helper()
		if err != nil {
			t.Fatal(what, err)
		}
		if d := cmp.Diff(append([]int{}, want...), pages(r, found)); d != "" {
			t.Error(what, d)
		}
	}
	protect := func(what string, want ...int) {
		t.Helper()
		found, err := pagemap.WrittenAndProtect(pm, r)
		expect(what, found, err, want...)
	}
	protect("first round", 0, 3)
	protect("nothing written")
	b[0], b[5*page], b[6*page] = 2, 2, 2
	found, err := pagemap.ChangedPages(pm, r)
	if err != nil {
		t.Fatal(err)
	}
	there, err := pagemap.PresentPages(pm, r, false)
	found = layout.Intersect(found, there) // it may name what is not there
	expect("asked without protecting", found, err, 0, 5, 6)
	protect("second round", 0, 5, 6)
	protect("after it")

	if err := unix.Madvise(b[3*page:4*page], unix.MADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	protect("a dropped page is not reported")
	found, err = pagemap.PresentPages(pm, r, false)
	expect("but it is not present", found, err, 0, 5, 6)
	b[3*page] = 3
	protect("written again", 3)

	_ = b[9*page] // maps the page of zeros
	found, err = pagemap.PresentPages(pm, r, false)
	expect("zeros do not count", found, err, 0, 3, 5, 6)
}

func TestNotTracked(t *testing.T) {
	b, r := anonymous(t, 8)
	pm := openPagemap(t)
	half := image.Range{Start: r.Start, End: r.Start + 4*page}
	track(t, half)
	b[page], b[5*page] = 1, 1
	// What was protected before the scan met the other mapping is not lost.
	found, err := pagemap.WrittenAndProtect(pm, r)
	if !errors.Is(err, pagemap.ErrNotTracked) {
		t.Fatal(found, err)
	}
	if d := cmp.Diff([]int{1}, pages(r, found)); d != "" {
		t.Error(d)
	}
	if found, err = pagemap.WrittenAndProtect(pm, half); err != nil || len(found) != 0 {
		t.Error(found, err)
	}
	if found, err = pagemap.ChangedPages(pm, r); !errors.Is(err, pagemap.ErrNotTracked) {
		t.Error(found, err)
	}
	found, err = pagemap.Scan(pm, r, pagemap.Query{All: pagemap.Written, Any: pagemap.Present | pagemap.Swapped})
	if d := cmp.Diff([]int{5}, pages(r, found)); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestManyRanges(t *testing.T) {
	b, r := anonymous(t, 4096)
	pm := openPagemap(t)
	track(t, r)
	var want []int
	for i := 0; i < 4096; i += 2 {
		b[i*page] = 1
		want = append(want, i)
	}
	found, err := pagemap.WrittenAndProtect(pm, r)
	if err != nil || len(found) != len(want) {
		t.Fatal(len(found), err)
	}
	if d := cmp.Diff(want, pages(r, found)); d != "" {
		t.Error(d)
	}
	for i := range 4096 {
		b[i*page] = 2
	}
	if found, err = pagemap.PresentPages(pm, r, false); err != nil || len(found) != 1 || found[0] != r {
		t.Error(found, err)
	}
}
