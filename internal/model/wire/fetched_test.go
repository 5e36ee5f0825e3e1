package wire

import (
	"bytes"
	"testing"

	"openmosix/internal/model/image"
)

func TestFetchedTravels(t *testing.T) {
	a, b := bytes.Repeat([]byte{1}, image.PageSize), bytes.Repeat([]byte{2}, 2*image.PageSize)
	frame := bytes.Join([][]byte{FetchedHead(0x5000, len(a)), a, FetchedHead(0x9000, len(b)), b}, nil)
	got, err := DecodeFetched(frame)
	if err != nil || len(got) != 2 || got[0].At != 0x5000 || !bytes.Equal(got[0].Bytes, a) || got[1].At != 0x9000 || !bytes.Equal(got[1].Bytes, b) {
		t.Errorf("%d pieces, %v", len(got), err)
	}
	for name, bad := range map[string][]byte{
		"cut":              frame[:len(frame)-1],
		"a head alone":     FetchedHead(0x5000, image.PageSize),
		"nothing":          FetchedHead(0x5000, 0),
		"half a page":      append(FetchedHead(0x5000, 100), make([]byte, 100)...),
		"between two":      append(FetchedHead(0x5100, len(a)), a...),
		"above everything": append(FetchedHead(1<<62, len(a)), a...),
	} {
		if _, err := DecodeFetched(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzFetched(f *testing.F) {
	f.Add(append(FetchedHead(0x5000, image.PageSize), make([]byte, image.PageSize)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		pieces, err := DecodeFetched(b)
		if err != nil {
			return
		}
		var again []byte
		for _, p := range pieces {
			again = append(append(again, FetchedHead(p.At, len(p.Bytes))...), p.Bytes...)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%d bytes become %d", len(b), len(again))
		}
	})
}
