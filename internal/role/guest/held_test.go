package guest

import (
	"bytes"
	"testing"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/held"
)

// memory is a file.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }
func (m memory) ReadAt(b []byte, off int64) (int, error)  { return bytes.NewReader(m).ReadAt(b, off) }
func (memory) Close() error                               { return nil }

// Home may name what is held, and nothing else.
func TestSame(t *testing.T) {
	const page = image.PageSize
	ranges := []image.Range{{Start: 16 * page, End: 20 * page}}
	m := make(memory, held.Size(ranges))
	fill := func(at uint64, b []byte) error {
		for i := range b {
			b[i] = byte((at + uint64(i)) / page)
		}
		return nil
	}
	if err := held.Write(m, ranges, fill, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	h, err := held.Open(m, int64(len(m)))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(h *held.Held, rs ...image.Range) (all []byte, err error) {
		err = same(h, wire.Encode(wire.RangesMsg{Ranges: rs}), func(at uint64, b []byte) error {
			all = append(all, byte(at/page), b[0], b[len(b)-1])
			return nil
		})
		return all, err
	}
	if got, err := ask(h, image.Range{Start: 17 * page, End: 19 * page}, image.Range{Start: 16 * page, End: 17 * page}); err != nil || !bytes.Equal(got, []byte{17, 17, 18, 16, 16, 16}) {
		t.Error(got, err)
	}
	for name, r := range map[string]image.Range{
		"beyond":    {Start: 19 * page, End: 21 * page},
		"elsewhere": {Start: 1 << 40, End: 1<<40 + page},
		"unaligned": {Start: 16*page + 1, End: 17 * page},
		"backwards": {Start: 18 * page, End: 17 * page},
		"all":       {End: 1 << 47},
	} {
		if _, err := ask(h, r); err == nil {
			t.Error(name)
		}
	}
	if _, err := ask(nil, ranges...); err == nil {
		t.Error("nothing is held")
	}
	if same(h, []byte{0xff}, nil) == nil {
		t.Error("garbage is understood")
	}
}
