package shortcut

import (
	"testing"

	"openmosix/internal/model/image"
)

// head is the beginning of a library whose code is in the file from 0x1000 on.
func head(size, memory uint64) []byte {
	b := make([]byte, 4096)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[54:], programEntry)
	le.PutUint16(b[56:], 2)
	e := b[64+programEntry:]
	le.PutUint32(e, loadable)
	le.PutUint32(e[4:], executable|4)
	le.PutUint64(e[8:], 0x1000)
	le.PutUint64(e[32:], size)
	le.PutUint64(e[40:], memory)
	return b
}

func TestSlack(t *testing.T) {
	code := image.Range{Start: 0x7f0000001000, End: 0x7f0000003000}
	for name, c := range map[string]struct {
		head []byte
		from uint64
		want image.Range
	}{
		"a library":             {head(0x1800, 0x1800), 0x1000, image.Range{Start: 0x7f0000002800, End: 0x7f0000003000}},
		"full to the last byte": {head(0x2000, 0x2000), 0x1000, image.Range{Start: 0x7f0000003000, End: 0x7f0000003000}},
		"code that grows":       {head(0x1800, 0x1900), 0x1000, image.Range{}},
		"another mapping":       {head(0x1800, 0x1800), 0x4000, image.Range{}},
		"less than is mapped":   {head(0x800, 0x800), 0x1000, image.Range{}},
		"more than is mapped":   {head(0x2001, 0x2001), 0x1000, image.Range{}},
		"without an end":        {head(1<<63, 1<<63), 0x1000, image.Range{}},
		"cut off":               {head(0x1800, 0x1800)[:100], 0x1000, image.Range{}},
		"no program":            {make([]byte, 4096), 0x1000, image.Range{}},
		"nothing":               {nil, 0x1000, image.Range{}},
	} {
		if got := Slack(c.head, code, c.from); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	room := image.Range{Start: 0x1f00, End: 0x2000}
	for n := range 10 {
		at, ok := Landings(room, n)
		if want := n < 5; ok != want || ok && (at < room.Start+16 || at+landingSize > room.End) {
			t.Errorf("landing %d: %#x, %v", n, at, ok)
		}
	}
	if _, ok := Landings(image.Range{}, 0); ok {
		t.Error("a landing in no room")
	}
}

func FuzzSlack(f *testing.F) {
	f.Add(head(0x1800, 0x1800), uint64(0x7f0000001000), uint64(0x2000), uint64(0x1000))
	f.Fuzz(func(t *testing.T, head []byte, start, size, from uint64) {
		code := image.Range{Start: start, End: start + size}
		if code.End < code.Start {
			return
		}
		if s := Slack(head, code, from); s != (image.Range{}) && (s.Start < code.Start || s.End != code.End || s.Len() >= page) {
			t.Errorf("%+v of %+v", s, code)
		}
	})
}
