package cpu

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The kernel prints the same names, except for what it has switched off itself
// (then CPUID and cpuinfo differ); so each bit that it prints must be set here.
func TestLocalAgainstCpuinfo(t *testing.T) {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip(err)
	}
	info := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && info[strings.TrimSpace(key)] == "" {
			info[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	f := Local()
	if f.Vendor != info["vendor_id"] || f.Model != info["model name"] {
		t.Errorf("%q %q", f.Vendor, f.Model)
	}
	flags := strings.Fields(info["flags"])
	for i, w := range words {
		for _, bit := range w.bits {
			if slices.Contains(flags, bit.name) && f.Words[i]>>bit.bit&1 == 0 {
				t.Errorf("%s: cpuinfo has it, word %d has not", bit.name, i)
			}
		}
		if f.Words[i]&^w.mask() != 0 {
			t.Errorf("word %d has unnamed bits: %#x", i, f.Words[i])
		}
	}
	if slices.Contains(flags, "avx") && (f.XCR0&7 != 7 || f.XSave < 832) {
		t.Errorf("XCR0 %#x, %d bytes", f.XCR0, f.XSave)
	}
}

func TestCovers(t *testing.T) {
	some := Features{Words: []uint32{1<<20 | 1<<28, 0, 1 << 16}, XCR0: 0xe7, XSave: 2696}
	for name, c := range map[string]struct {
		change func(have *Features)
		want   []string
	}{
		"same":              {func(*Features) {}, nil},
		"more instructions": {func(h *Features) { h.Words = []uint32{^uint32(0), 1, ^uint32(0), 7} }, nil},
		"no avx512":         {func(h *Features) { h.Words = h.Words[:2] }, []string{"avx512f"}},
		"nothing":           {func(h *Features) { h.Words = nil }, []string{"sse4_2", "avx", "avx512f"}},
		"smaller state":     {func(h *Features) { h.XCR0 = 7 }, []string{"the same extended state (XCR0 is 0x7, needed is 0xe7)"}},
		"larger state":      {func(h *Features) { h.XSave = 11008 }, []string{"the same size of extended state (11008 bytes, needed are 2696)"}},
	} {
		have := some
		have.Words = slices.Clone(some.Words)
		c.change(&have)
		if got := Covers(some, have); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	long := Features{Words: make([]uint32, len(words)+2)}
	long.Words[len(words)+1] = 4
	if got := Covers(long, Features{}); len(got) != 1 {
		t.Errorf("newer word: %q", got)
	}
	if local := Local(); len(Covers(local, local)) != 0 {
		t.Error("does not cover itself")
	}
}

func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, w := range words {
		for i, b := range w.bits {
			if seen[b.name] || b.bit > 31 || i > 0 && b.bit <= w.bits[i-1].bit {
				t.Errorf("%s twice or out of order", b.name)
			}
			seen[b.name] = true
		}
	}
}
