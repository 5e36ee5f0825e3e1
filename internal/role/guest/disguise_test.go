package guest

import (
	"testing"

	"openmosix/internal/linux/ptrace"
)

func TestDisguise(t *testing.T) {
	for _, code := range []int32{0, -1, -2, -3, -4, -5, -6, 0x80, 1, 6, -77} {
		var i ptrace.SigInfo
		for k := 16; k < 48; k++ {
			i[k] = byte(k)
		}
		i[0] = 34
		le.PutUint32(i[siErrno:], 11)
		le.PutUint32(i[siCodeAt:], uint32(code))
		for _, direct := range []bool{false, true} {
			got, toThread, ok := undisguise(disguise(i, direct))
			if !ok || got != i || toThread != direct {
				t.Errorf("code %d: %v %v %v", code, got, toThread, ok)
			}
		}
		if _, _, ok := undisguise(i); ok {
			t.Errorf("code %d: taken for one of ours", code)
		}
	}
}
