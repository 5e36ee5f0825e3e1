package tracee

import (
	"testing"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

func TestWhatIsWrittenInAll(t *testing.T) {
	w := written{bytes: 10, from: 0x1000, of: 100}
	for rest, want := range map[int64]uint64{90: 100, 20: 30, 0: 10, -int64(unix.EPIPE): 10, -512: 10, 1000: 100} {
		r := image.Regs{Rax: uint64(rest), Rsi: 0x100a, Rdx: 90}
		if w.add(&r); r.Rax != want || r.Rsi != 0x1000 || r.Rdx != 100 {
			t.Errorf("%d after 10: %d of %d from %#x, want %d", rest, r.Rax, r.Rdx, r.Rsi, want)
		}
	}
}
