package syscalls

import (
	"bytes"
	"testing"

	"openmosix/internal/model/abi"
)

// TestBeginningTravels: of what cannot be read to its end the beginning is at home, and then a hole.
func TestBeginningTravels(t *testing.T) {
	const end = 0x10000 + 4*abi.PageSize // of what can be read
	m := newMemory()
	m.put(end-100, bytes.Repeat([]byte{7}, 100))
	m.put(0x10000, []byte("begin"))
	m.words(0x10100, 0x10000, 5, end-100, 5000, 0x10000, 50) // the third is not reached
	m.words(0x10300, end, 50)
	m.words(0x10200, 0, 0, 0x10100, 3, 0, 0, 0)
	tests := []struct {
		name string
		nr   int
		a    [6]uint64
		want string
	}{
		{"write", 1, [6]uint64{1, end - 100, 150}, string(bytes.Repeat([]byte{7}, 100))},
		{"write of much", 1, [6]uint64{1, end - 100, 1 << 30}, string(bytes.Repeat([]byte{7}, 100))},
		{"sendto", 44, [6]uint64{1, end - 2, 9}, "\x07\x07"},
		{"writev", 20, [6]uint64{1, 0x10100, 3}, "begin" + string(bytes.Repeat([]byte{7}, 100))},
		{"sendmsg", 46, [6]uint64{1, 0x10200}, "begin" + string(bytes.Repeat([]byte{7}, 100))},
		{"writev of nothing", 20, [6]uint64{1, 0x10300, 1}, ""},
	}
	for _, tt := range tests {
		c, e := Lookup(tt.nr).Gather(tt.a, m)
		if e != abi.OK {
			t.Errorf("%s: %v", tt.name, e)
			continue
		}
		h, err := DecodeCall(c.Append(nil))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		buf := make([]byte, 1<<16)
		args, offs, need, ok := h.Place(testWindow, buf, len(buf))
		holes := h.Holes(offs)
		if !ok || len(holes) != 1 || holes[0].Len != abi.PageSize || holes[0].Off%abi.PageSize != 0 || holes[0].Off+holes[0].Len > need {
			t.Errorf("%s: %v of %d bytes", tt.name, holes, need)
			continue
		}
		if got := string(buf[holes[0].Off-len(tt.want) : holes[0].Off]); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
		if tt.nr == 20 && tt.want != "" {
			v := buf[args[1]-testWindow:]
			if last := le.Uint64(v[32:]); last != testWindow+uint64(holes[0].Off) || le.Uint64(v[40:]) != 50 || le.Uint64(v[24:]) != 5000 {
				t.Errorf("%s: the pieces are %x", tt.name, v[:48])
			}
		}
	}
}
