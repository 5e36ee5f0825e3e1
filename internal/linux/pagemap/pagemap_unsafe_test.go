package pagemap

import (
	"errors"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/image"
)

func TestFilePages(t *testing.T) {
	name := t.TempDir() + "/f"
	if err := os.WriteFile(name, make([]byte, 4*image.PageSize), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// Populated read-only: with the right to write each page would be copied at once.
	b, err := unix.Mmap(int(file.Fd()), 0, 4*image.PageSize, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	if err := unix.Mprotect(b, unix.PROT_READ|unix.PROT_WRITE); err != nil {
		t.Fatal(err)
	}
	b[image.PageSize] = 1 // now a copy of this process's own
	start := uint64(uintptr(unsafe.Pointer(&b[0])))
	r := image.Range{Start: start, End: start + uint64(len(b))}
	pm, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Fatal(err)
	}
	defer pm.Close()
	all, err := PresentPages(pm, r, false)
	if err != nil || len(all) != 1 || all[0] != r {
		t.Error(all, err)
	}
	own, err := PresentPages(pm, r, true)
	if want := (image.Range{Start: start + image.PageSize, End: start + 2*image.PageSize}); err != nil || len(own) != 1 || own[0] != want {
		t.Error(own, err)
	}
	if _, err := WrittenAndProtect(pm, r); !errors.Is(err, ErrNotTracked) {
		t.Error(err)
	}
	if _, err := Scan(pm, image.Range{Start: start + 1, End: r.End}, Query{}); !errors.Is(err, unix.EINVAL) {
		t.Error(err)
	}
}

func TestAppendJoined(t *testing.T) {
	all := appendJoined(nil, image.Range{Start: 1, End: 2})
	all = appendJoined(all, image.Range{Start: 2, End: 3})
	all = appendJoined(all, image.Range{Start: 4, End: 5})
	if len(all) != 2 || all[0] != (image.Range{Start: 1, End: 3}) {
		t.Error(all)
	}
}

// A file that is closed while it is scanned, as the process has ended, is not another one's meanwhile: what the race
// detector sees.
func TestClosedWhileScanned(t *testing.T) {
	b, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	start := uint64(uintptr(unsafe.Pointer(&b[0])))
	pm, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Fatal(err)
	}
	began, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			if _, err := PresentPages(pm, image.Range{Start: start, End: start + uint64(len(b))}, false); err != nil {
				done <- err
				return
			}
			if n == 0 {
				close(began)
			}
		}
	}()
	<-began
	pm.Close()
	<-done
}
