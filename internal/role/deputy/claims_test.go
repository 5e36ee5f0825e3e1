package deputy

import (
	"testing"

	"openmosix/internal/model/image"
)

// A process cannot come with files of its own that it had not, or of another size: so much may be sent of them.
func TestMayOwn(t *testing.T) {
	had := []*soleFile{{id: image.FileID{Dev: 1, Ino: 2, Size: 3}}}
	for _, c := range []struct {
		file image.FileID
		may  bool
	}{
		{image.FileID{Dev: 1, Ino: 2, Size: 3, Sole: true}, true},
		{image.FileID{Dev: 1, Ino: 2, Size: 4, Sole: true}, false},
		{image.FileID{Dev: 1, Ino: 3, Size: 3, Sole: true}, false},
		{image.FileID{Dev: 9, Ino: 9, Size: 9}, true},
	} {
		if err := mayOwn(&image.Image{Files: []image.FileID{c.file}}, had); (err == nil) != c.may {
			t.Errorf("%+v: %v", c.file, err)
		}
	}
}

// A node does not have memory here locked that the process could not lock.
func TestMayHaveLocked(t *testing.T) {
	img := &image.Image{VMAs: []image.VMA{{Range: image.Range{Start: 0x1000, End: 0x9000}, Advice: image.Locked}, {Range: image.Range{Start: 0x9000, End: 1 << 40}}}}
	for most, ok := range map[uint64]bool{0x8000: true, 0x7fff: false, ^uint64(0): true} {
		if err := mayHaveLocked(img, most); (err == nil) != ok {
			t.Errorf("%#x: %v", most, err)
		}
	}
	if mayHaveLocked(&image.Image{LocksNew: image.LockNew}, 0) == nil {
		t.Error("it may lock nothing")
	}
}
