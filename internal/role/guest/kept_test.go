package guest

import (
	"os"
	"testing"

	"openmosix/internal/linux/mem"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// A thread that has to make its change of a mask again, perhaps elsewhere, has not made it, and
// home is told when it does.
func TestAMaskChangesOnlyWhereItIsMade(t *testing.T) {
	space, err := mem.Open(os.Getpid(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	const kept, other = 1 << (unix.SIGUSR1 - 1), 1 << (unix.SIGUSR2 - 1)
	set := le.AppendUint64(nil, kept|other)
	for name, stops := range map[string]func(*body){
		"it freezes":        func(b *body) { b.freezing = true },
		"it is to freeze":   func(b *body) { b.want = true },
		"it is being ended": func(b *body) { b.gone = true },
	} {
		for _, nr := range []int{unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGSUSPEND} {
			g := newGuest()
			b := &body{g: g, Process: &tracee.Process{Mem: space}}
			b.listener.Store(-1)
			b.kept.Store(kept)
			stops(b)
			s := &strand{b: b, t: &tracee.Thread{Proc: b.Process}}
			p := &pending{s: s, nr: nr, args: [6]uint64{sigBlock, addressOf(set), 0, 8}}
			if nr == unix.SYS_RT_SIGSUSPEND {
				p.args = [6]uint64{addressOf(set), 8}
			}
			s.maskChange(p)
			if s.blocks.Load() != 0 || s.atHome.Load() != 0 {
				t.Errorf("%s, call %d: it blocks %#x, and home knows of %#x", name, nr, s.blocks.Load(), s.atHome.Load())
			}
			g.fam.Loop.Close()
		}
	}
}
