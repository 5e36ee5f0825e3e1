package cpu

import (
	"slices"
	"testing"
)

// Equal fingerprints mean that each covers the other.
func TestFingerprint(t *testing.T) {
	some := Features{Words: []uint32{1<<20 | 1<<28, 0, 1 << 16}, XCR0: 0xe7, XSave: 2696}
	for name, c := range map[string]struct {
		change func(*Features)
		same   bool
	}{
		"same":            {func(*Features) {}, true},
		"other name":      {func(f *Features) { f.Vendor, f.Model = "a", "b" }, true},
		"word of nothing": {func(f *Features) { f.Words = append(f.Words, 0) }, true},
		"one bit less":    {func(f *Features) { f.Words[0] = 1 << 20 }, false},
		"a word less":     {func(f *Features) { f.Words = f.Words[:1] }, false},
		"a word more":     {func(f *Features) { f.Words = append(f.Words, 1) }, false},
		"other state":     {func(f *Features) { f.XCR0 = 7 }, false},
		"larger state":    {func(f *Features) { f.XSave++ }, false},
		"moved":           {func(f *Features) { f.Words = append([]uint32{0}, f.Words...) }, false},
	} {
		other := some
		other.Words = slices.Clone(some.Words)
		c.change(&other)
		if got := other.Fingerprint() == some.Fingerprint(); got != c.same {
			t.Errorf("%s: equal is %v", name, got)
		}
	}
	if local := Local(); local.Fingerprint() == 0 || local.Fingerprint() != Local().Fingerprint() {
		t.Error("the fingerprint of this machine changes")
	}
}
