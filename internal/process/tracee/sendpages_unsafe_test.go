package tracee

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"openmosix/internal/linux/mem"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// ownPages is memory of this process whose pages all differ, and last a page that
// nobody can read: it is beyond the end of a file.
func ownPages(t *testing.T, pages int) (*mem.Space, []byte, image.Range) {
	t.Helper()
	b, err := unix.Mmap(-1, 0, (pages+1)*image.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(b) })
	for i := range pages {
		le.PutUint64(b[i*image.PageSize:], uint64(i)+1)
	}
	start := uint64(uintptr(unsafe.Pointer(&b[0])))
	name := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	end := start + uint64(pages)*image.PageSize
	if _, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(end), image.PageSize, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_FIXED, f.Fd(), 0); errno != 0 {
		t.Fatal(errno)
	}
	space, err := mem.Open(os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = space.Close() })
	return space, b[:pages*image.PageSize], image.Range{Start: start, End: end}
}

// All pages are sent, once and in order, whether they are few or so many that the next
// are read meanwhile; what cannot be read is left out.
func TestSendPages(t *testing.T) {
	const pages = 5*chunk/image.PageSize + 3
	space, want, all := ownPages(t, pages)
	beyond := image.Range{Start: all.End - 2*image.PageSize, End: all.End + image.PageSize}
	for name, ranges := range map[string][]image.Range{
		"few":        {{Start: all.Start, End: all.Start + 3*image.PageSize}, beyond},
		"many":       {{Start: all.Start, End: all.End + image.PageSize}},
		"in pieces":  {{Start: all.Start, End: all.Start + chunk}, {Start: all.Start + chunk + image.PageSize, End: all.End}, {Start: all.End, End: all.End + image.PageSize}},
		"nothing":    {},
		"unreadable": {{Start: all.End, End: all.End + image.PageSize}},
	} {
		t.Run(name, func(t *testing.T) {
			var expect, at uint64
			for _, r := range ranges {
				expect += image.Range{Start: r.Start, End: min(r.End, all.End)}.Len()
			}
			var got uint64
			sent, err := SendPages(space, ranges, func(kind uint8, parts ...[]byte) error {
				if kind != wire.Pages || len(parts) != 2 || len(parts[1]) > chunk {
					t.Fatalf("a frame of kind %d with %d parts", kind, len(parts))
				}
				a := le.Uint64(parts[0])
				if a < at {
					t.Errorf("%#x after %#x", a, at)
				}
				at = a + uint64(len(parts[1]))
				got += uint64(len(parts[1]))
				if off := a - all.Start; !bytes.Equal(parts[1], want[off:off+uint64(len(parts[1]))]) {
					t.Errorf("the pages at %#x are wrong", a)
				}
				return nil
			})
			if err != nil || sent != expect || got != expect {
				t.Errorf("%d bytes, %d were told, want %d: %v", got, sent, expect, err)
			}
		})
	}
}

// Nothing is sent after an error.
func TestSendPagesEndsWithAnError(t *testing.T) {
	space, _, all := ownPages(t, 9*chunk/image.PageSize)
	broken, frames := errors.New("broken"), 0
	_, err := SendPages(space, []image.Range{all}, func(uint8, ...[]byte) error {
		if frames++; frames == 2 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || frames != 2 {
		t.Errorf("%d frames, %v", frames, err)
	}
}
