package pagesum

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"

	"openmosix/internal/model/image"
)

const base = 0x7000_0000_0000

// pages are so many, each full of its own number.
func pages(n int) []byte {
	b := make([]byte, n*image.PageSize)
	for i := range b {
		b[i] = byte(i / image.PageSize)
	}
	return b
}

func newKey() Key {
	k := make(Key, KeySize)
	_, _ = rand.Read(k)
	return k
}

func table(t testing.TB, k Key, b []byte) *Table {
	t.Helper()
	s, err := New(k)
	if err != nil {
		t.Fatal(err)
	}
	all, err := NewTable(k, 1000)
	if err != nil {
		t.Fatal(err)
	}
	half := len(b) / 2 &^ (image.PageSize - 1)
	for _, f := range [][]byte{s.Frame(base, b[:half]), s.Frame(base+uint64(half), b[half:])} {
		if err := all.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestSplit(t *testing.T) {
	b := pages(8)
	held := table(t, newKey(), b)
	now := append(bytes.Clone(b), pages(1)...) // one more than is held
	now[3*image.PageSize+77]++
	copy(now[5*image.PageSize:], b[:image.PageSize]) // what is held elsewhere
	var got []string
	var joined []byte
	err := held.Split(base, now, func(at uint64, p []byte, held bool) error {
		got = append(got, fmt.Sprintf("%d+%d %v", (at-base)/image.PageSize, len(p)/image.PageSize, held))
		joined = append(joined, p...)
		return nil
	})
	want := "[0+3 true 3+1 false 4+1 true 5+1 false 6+2 true 8+1 false]"
	if err != nil || fmt.Sprint(got) != want || !bytes.Equal(joined, now) {
		t.Errorf("%v, want %s: %v", got, want, err)
	}
	if held.Holds(base-image.PageSize, b[:image.PageSize]) || (*Table)(nil).Empty() != true {
		t.Error("holds what nobody has told of")
	}
}

// Sums of another trip say nothing.
func TestKeys(t *testing.T) {
	b := pages(4)
	held := table(t, newKey(), b)
	var err error
	if held.sums, err = New(newKey()); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if held.Holds(base+uint64(i)*image.PageSize, b[i*image.PageSize:][:image.PageSize]) {
			t.Error(i)
		}
	}
	if _, err := New(make(Key, 5)); err == nil {
		t.Error("a short key is taken")
	}
}

func TestBadFrames(t *testing.T) {
	k := newKey()
	s, err := New(k)
	if err != nil {
		t.Fatal(err)
	}
	good := s.Frame(base, pages(2))
	for name, frames := range map[string][][]byte{
		"short":    {good[:20]},
		"no sums":  {good[:8]},
		"torn":     {good[:len(good)-1]},
		"odd":      {s.Frame(base+1, pages(2))},
		"too high": {s.Frame(1<<63, pages(2))},
		"wraps":    {s.Frame(^uint64(0)&^(image.PageSize-1), pages(2))},
		"twice":    {good, good},
		"too long": {s.Frame(base, pages(PerFrame+1))},
	} {
		all, err := NewTable(k, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			err = all.Add(f)
		}
		if err == nil {
			t.Error(name)
		}
	}
}

// What goes beyond the limit takes no memory.
func TestLimit(t *testing.T) {
	k := newKey()
	s, err := New(k)
	if err != nil {
		t.Fatal(err)
	}
	all, err := NewTable(k, 10)
	if err != nil {
		t.Fatal(err)
	}
	b := pages(8)
	const second = base + 1<<20
	for _, at := range []uint64{base, second} {
		if err := all.Add(s.Frame(at, b)); err != nil {
			t.Fatal(err)
		}
	}
	if !all.Holds(base, b[:image.PageSize]) || all.Holds(second, b[:image.PageSize]) {
		t.Error("not the first ones are noted")
	}
	all.told = mostTold
	if all.Add(s.Frame(second, b)) == nil {
		t.Error("it goes on for ever")
	}
}

func FuzzTable(f *testing.F) {
	k := make(Key, KeySize)
	s, err := New(k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Frame(base, pages(3)), uint64(base))
	f.Fuzz(func(t *testing.T, frame []byte, at uint64) {
		all, err := NewTable(k, 100)
		if err != nil {
			t.Fatal(err)
		}
		_ = all.Add(frame)
		at &^= image.PageSize - 1
		all.Holds(at, pages(1))
		n := 0
		_ = all.Split(at, pages(3), func(_ uint64, p []byte, _ bool) error { n += len(p); return nil })
		if n != 3*image.PageSize {
			t.Fatal(n)
		}
	})
}

func BenchmarkSum(b *testing.B) {
	s, err := New(newKey())
	if err != nil {
		b.Fatal(err)
	}
	page := pages(1)
	out := make([]byte, 0, Size)
	b.SetBytes(image.PageSize)
	for b.Loop() {
		out = s.Append(out[:0], base, page)
	}
}
