package procfs

import (
	"testing"

	"openmosix/internal/model/image"

	"github.com/google/go-cmp/cmp"
)

// Mappings that overlap, as they changed while they were read, are read again; if they go on so, the first
// to be told of an address has it.
func TestSettled(t *testing.T) {
	torn := []Mapping{{Range: image.Range{Start: 1, End: 4}}, {Range: image.Range{Start: 2, End: 6}}, {Range: image.Range{Start: 3, End: 5}}, {Range: image.Range{Start: 7, End: 8}}}
	whole := []Mapping{{Range: image.Range{Start: 2, End: 6}}, {Range: image.Range{Start: 7, End: 8}}}
	for _, c := range []struct {
		torn int // readings
		want []Mapping
	}{
		{0, whole}, {3, whole},
		{1000, []Mapping{{Range: image.Range{Start: 1, End: 4}}, {Range: image.Range{Start: 4, End: 6}}, {Range: image.Range{Start: 7, End: 8}}}},
	} {
		readings := 0
		got, err := settled(func() ([]Mapping, error) {
			if readings++; readings <= c.torn {
				return append([]Mapping(nil), torn...), nil
			}
			return append([]Mapping(nil), whole...), nil
		}, func(m *Mapping) *Mapping { return m })
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("torn %d times: %v, %v", c.torn, got, err)
		}
	}
}
