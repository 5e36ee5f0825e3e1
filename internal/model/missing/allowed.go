package missing

import (
	"fmt"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// maxLacking bounds what can be missing of one process, bytes.
const maxLacking = 1 << 42

// Allowed checks that of a process only pages are missing that can be fetched later,
// whatever the other side says.
func Allowed(img *image.Image, lacks []image.Range) error {
	if err := image.ValidateRanges(lacks); err != nil {
		return err
	}
	lacks = layout.Union(lacks)
	if n := layout.Bytes(lacks); n > maxLacking {
		return fmt.Errorf("%d bytes are left out, more than %d", n, uint64(maxLacking))
	}
	var can []image.Range
	for i := range img.VMAs {
		if v := &img.VMAs[i]; v.Fetchable() {
			can = append(can, v.Range)
		}
	}
	if rest := layout.Subtract(lacks, layout.Union(can)); len(rest) > 0 {
		return fmt.Errorf("pages are missing at %#x, where they cannot be fetched later", rest[0].Start)
	}
	return nil
}
