package wire

import (
	"bytes"
	"testing"
)

func FuzzDecodeSole(f *testing.F) {
	f.Add(append((&SoleMsg{Dev: 1, Ino: 2, Off: 4096, Len: 3}).Head(), "abc"...))
	f.Add((&SoleMsg{Off: 1, Len: 1 << 20}).Head())
	f.Add((&SoleMsg{Off: 1 << 63, Len: 1 << 63}).Head())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeSole(b)
		if err != nil {
			return
		}
		if got := append(m.Head(), m.Bytes...); !bytes.Equal(got, b) {
			t.Errorf("%x became %x", b, got)
		}
	})
}
