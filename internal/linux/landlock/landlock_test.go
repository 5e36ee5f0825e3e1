package landlock

import (
	"encoding/binary"
	"testing"
)

// The bits are those of linux/landlock.h, by the version they came with.
func TestNothingAsksForWhatAVersionKnows(t *testing.T) {
	for abi, want := range map[int][3]uint64{
		0: {}, 1: {0x1fff, 0, 0}, 2: {0x3fff, 0, 0}, 3: {0x7fff, 0, 0}, 4: {0x7fff, 3, 0}, 5: {0xffff, 3, 0}, 6: {0xffff, 3, 3}, 7: {0xffff, 3, 3}, 99: {0xffff, 3, 3},
	} {
		b := Nothing(abi)
		if len(b) != 24 {
			t.Fatalf("version %d: %d bytes", abi, len(b))
		}
		for i := range want {
			if got := binary.LittleEndian.Uint64(b[8*i:]); got != want[i] {
				t.Errorf("version %d, word %d: %#x, not %#x", abi, i, got, want[i])
			}
		}
		if (Lacks(abi) == "") != (abi >= 6) {
			t.Errorf("version %d: lacks %q", abi, Lacks(abi))
		}
	}
}
