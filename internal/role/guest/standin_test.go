package guest

import (
	"testing"

	"openmosix/internal/linux/vdso"
	"openmosix/internal/model/image"
)

// TestBeginAnew: who is in a call of the stand-in for home's vDSO begins the function anew, whether the kernel has set the thread back to
// the instruction yet or not; nobody else does.
func TestBeginAnew(t *testing.T) {
	b := &body{standIns: []vdso.Call{{Entry: 0x1000, Behind: 0x1022}, {Entry: 0x2000, Behind: 0x2022}}}
	for at, want := range map[uint64]uint64{0x1022: 0x1000, 0x1020: 0x1000, 0x2020: 0x2000, 0x1000: 0x1000, 0x1021: 0x1021, 0x3020: 0x3020} {
		r := image.Regs{Rip: at, OrigRax: 228, Rax: minus(noIntr)}
		if anew := b.beginAnew(&r); anew != (want != at) || r.Rip != want || anew == (r.OrigRax == 228) {
			t.Errorf("from %#x: %v, at %#x, call %d", at, anew, r.Rip, int64(r.OrigRax))
		}
	}
}
