package missing

import (
	"fmt"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
)

// maxLacking bounds what can be missing of one process, bytes.
const maxLacking = 1 << 42

// Allowed checks that of a process only pages are missing that can be fetched later,
// whatever the other side says. What its threads need first is not: who makes them what they
// were would wait for it, before anybody asks for pages.
func Allowed(img *image.Image, lacks []image.Range) error {
	if err := image.ValidateRanges(lacks); err != nil {
		return err
	}
	lacks = layout.Union(lacks)
	if n := layout.Bytes(lacks); n > maxLacking {
		return fmt.Errorf("%d bytes are left out, more than %d", n, uint64(maxLacking))
	}
	if rest := layout.Subtract(lacks, fetchable(img, lacks, nil)); len(rest) > 0 {
		return fmt.Errorf("pages are missing at %#x, where they cannot be fetched later", rest[0].Start)
	}
	return nil
}
