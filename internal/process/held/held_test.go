package held

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"openmosix/internal/model/image"
)

// memory is a file.
type memory []byte

func (m memory) WriteAt(b []byte, off int64) (int, error) { return copy(m[off:], b), nil }
func (m memory) ReadAt(b []byte, off int64) (int, error)  { return bytes.NewReader(m).ReadAt(b, off) }
func (memory) Close() error                               { return nil }

const page = image.PageSize

func contents(at uint64, b []byte) error {
	if at == 64*page {
		return errors.New("cannot be read")
	}
	for i := range b {
		b[i] = byte((at + uint64(i)) / page)
	}
	return nil
}

func written(t testing.TB, ranges []image.Range) memory {
	t.Helper()
	m := make(memory, Size(ranges))
	if err := Write(m, ranges, contents, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return m
}

var some = []image.Range{{Start: 3 * page, End: 7 * page}, {Start: 7 * page, End: 9 * page}, {Start: 64 * page, End: 65 * page}, {Start: 100 * page, End: 300 * page}}

func TestReadAgain(t *testing.T) {
	m := written(t, some)
	h, err := Open(m, int64(len(m)))
	if err != nil || h.Pages() != 207 {
		t.Fatal(h, err)
	}
	b := make([]byte, 6*page)
	if err := h.Read(3*page, b); err != nil || b[0] != 3 || b[6*page-1] != 8 {
		t.Error(err, b[0], b[6*page-1])
	}
	for _, at := range []uint64{0, 2 * page, 9 * page, 299 * page, 1 << 40} {
		if h.Read(at, b) == nil {
			t.Errorf("%#x is said to be there", at)
		}
	}
	n := 0
	err = h.Each(func(at uint64, b []byte) error {
		want := byte(at / page)
		if at == 64*page {
			want = 0
		}
		if b[0] != want {
			t.Errorf("%d at %#x", b[0], at)
		}
		n += len(b)
		return nil
	})
	if err != nil || n != 207*page {
		t.Error(n, err)
	}
	if err := Write(m, some, contents, time.Now().Add(-time.Second)); !errors.Is(err, ErrSlow) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(written(f, some[:1])))
	f.Add([]byte(written(f, some[:2])))
	f.Add([]byte(written(f, nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Open(memory(b), int64(len(b)))
		if err != nil {
			return
		}
		n := uint64(0)
		if err := h.Each(func(_ uint64, b []byte) error { n += uint64(len(b)); return nil }); err != nil {
			t.Fatal(err)
		}
		if n != h.Pages()*page {
			t.Fatal(n)
		}
	})
}
