package guest

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestChoose(t *testing.T) {
	set := func(cpus ...int) (s unix.CPUSet) {
		for _, c := range cpus {
			s.Set(c)
		}
		return s
	}
	for _, c := range []struct {
		name   string
		ours   unix.CPUSet
		known  int
		wanted []uint64
		want   unix.CPUSet
		ok     bool
	}{
		{"any", set(0, 1, 70), 0, nil, set(0, 1, 70), true},
		{"home knows fewer", set(0, 1, 70), 2, nil, set(0, 1), true},
		{"one of them", set(0, 1), 2, []uint64{2}, set(1), true},
		{"none of them", set(0, 1), 8, []uint64{0xf0}, set(0, 1), true},
		{"second word", set(0, 70), 128, []uint64{0, 1 << 6}, set(70), true},
		{"no CPU at all", set(5), 2, []uint64{1}, set(), false},
	} {
		if got, ok := choose(c.ours, c.known, c.wanted); ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %v %v", c.name, got, ok)
		}
	}
}

func TestCPUWords(t *testing.T) {
	if w := cpuWords([]byte{1, 0x80, 0, 0, 0, 0, 0, 0, 3}); len(w) != 2 || w[0] != 0x8001 || w[1] != 3 {
		t.Errorf("%#x", w)
	}
	if w := cpuWords(make([]byte, 65536)); len(w) != len(unix.CPUSet{}) {
		t.Errorf("%d words", len(w))
	}
}
