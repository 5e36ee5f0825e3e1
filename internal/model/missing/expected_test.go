package missing

import (
	"testing"

	"openmosix/internal/model/image"
)

func TestOnlyWhatWasAskedForIsExpected(t *testing.T) {
	var e Expected
	if e.Take(pages(1, 1)) {
		t.Error("nothing was asked for")
	}
	e.Add([]image.Range{pages(10, 5), pages(600, 2)})
	if e.Bytes() != 7*page {
		t.Errorf("%d bytes are expected", e.Bytes())
	}
	for name, r := range map[string]image.Range{"before": pages(9, 1), "beyond": pages(15, 1), "nowhere": pages(1<<35, 1)} {
		if e.Take(r) {
			t.Errorf("%s: it was not asked for", name)
		}
	}
	if !e.Take(pages(11, 2)) || e.Take(pages(11, 1)) || !e.Take(pages(600, 2)) || e.Bytes() != 3*page {
		t.Errorf("each comes once; %d bytes are left", e.Bytes())
	}
	if e.Take(pages(13, 4)) { // the last two were not asked for
		t.Error("more than was asked for")
	}
}
