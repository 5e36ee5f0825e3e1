package wire

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAheadTravels(t *testing.T) {
	f := AheadFile{FD: 7, Complete: true, HasStat: true, Continues: true, Quiet: true, Pipe: true, Offset: 1 << 40, Stat: bytes.Repeat([]byte{3}, StatSize), Contents: []byte("contents")}
	got, err := DecodeAhead(append(f.Head(), f.Contents...))
	if err != nil || !cmp.Equal(got, f) {
		t.Errorf("%v, %v", got, err)
	}
	for _, m := range []BehindMsg{{FD: 3, Offset: 9, Seek: true}, {FD: 1 << 20, Read: true, Close: true}, {FD: 2, Offset: 7, Seek: true, Pipe: true}, {FD: 4, Seek: true, Offset: 5, From: 1 << 50, Bytes: MaxAhead}, {}} {
		if got, err := DecodeBehind(m.Append(nil)); err != nil || got != m {
			t.Errorf("%v, %v", got, err)
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, aheadHead-1), make([]byte, aheadHead+MaxAhead+1), append([]byte{0, 0, 0, 0x80}, make([]byte, aheadHead)...)} {
		if _, err := DecodeAhead(bad); err == nil {
			t.Errorf("%d bytes are understood", len(bad))
		}
	}
	for _, bad := range []BehindMsg{{FD: -1}, {Bytes: MaxAhead + 1}, {Bytes: 1, From: 1<<62 + 1}, {Bytes: 1, Close: true}, {Pipe: true, Close: true}, {Pipe: true, Bytes: 1}} {
		if _, err := DecodeBehind(bad.Append(nil)); err == nil {
			t.Errorf("%+v is understood", bad)
		}
	}
}

func FuzzAhead(f *testing.F) {
	f.Add((&AheadFile{FD: 3, Stat: make([]byte, StatSize)}).Head())
	f.Add(BehindMsg{FD: 3, Seek: true}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := DecodeAhead(b); err == nil && (a.FD < 0 || len(a.Stat) != StatSize || !bytes.Equal(append(a.Head()[:4:4], a.Contents...), append(b[:4:4], b[aheadHead:]...))) {
			t.Errorf("%+v", a)
		}
		if m, err := DecodeBehind(b); err == nil && len(m.Append(nil)) != len(b) {
			t.Errorf("%+v", m)
		}
	})
}
