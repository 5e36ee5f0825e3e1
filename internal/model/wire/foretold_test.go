package wire

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForetoldTravels(t *testing.T) {
	all := []ForetoldCall{{[]byte("call"), []byte("answer")}, {[]byte{}, []byte{}}, {[]byte("another"), []byte{1}}}
	var b []byte
	for _, f := range all {
		b = f.Append(b)
	}
	got, err := DecodeForetold(b)
	if err != nil || !cmp.Equal(got, all) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range [][]byte{b[:len(b)-1], b[:3], bytes.Repeat(ForetoldCall{}.Append(nil), MaxForetold+1), {255, 255, 255, 255, 0}, make([]byte, MaxForetoldBytes+1)} {
		if _, err := DecodeForetold(bad); err == nil {
			t.Errorf("%d bytes are understood", len(bad))
		}
	}
}

func FuzzForetold(f *testing.F) {
	f.Add(ForetoldCall{[]byte("call"), []byte("answer")}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := DecodeForetold(b)
		if err != nil {
			return
		}
		var again []byte
		for _, c := range all {
			again = c.Append(again)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x becomes %x", b, again)
		}
	})
}
