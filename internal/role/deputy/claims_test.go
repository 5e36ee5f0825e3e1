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
