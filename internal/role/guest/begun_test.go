package guest

import (
	"testing"

	"openmosix/internal/linux/notify"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// What a signal makes of a call in which a thread has arrived, before and after that is noticed here.
func TestCallThatBeganElsewhere(t *testing.T) {
	const next = 0x401002
	for name, c := range map[string]struct {
		nr         uint64
		code, ends int64
	}{
		"read":                           {unix.SYS_READ, restartSys, restartSys},
		"read of a socket with a time":   {unix.SYS_READ, -noIntr, restartSys},
		"a wait that a stop had ended":   {unix.SYS_EPOLL_WAIT, -noIntr, noHand},
		"pause":                          {unix.SYS_PAUSE, noHand, noHand},
		"a sleep":                        {unix.SYS_NANOSLEEP, restartBlock, noHand},
		"what no signal ends":            {unix.SYS_OPENAT, -noIntr, 0},
		"a lock with a point in time":    {unix.SYS_FUTEX, -noIntr, 0}, // its own kernel knows what it is to give
		"a lock":                         {unix.SYS_FUTEX, restartSys, restartSys},
		"a result":                       {unix.SYS_READ, 5, 0},
		"EINTR, which the program heard": {unix.SYS_READ, -int64(unix.EINTR), 0},
	} {
		arrives := func() *strand {
			s := &strand{}
			s.goesOnIn(&image.Regs{Rip: next, Rax: minus(c.code), OrigRax: c.nr})
			return s
		}
		if got := arrives().begun.ends; got != c.ends {
			t.Errorf("%s: %d, want %d", name, got, c.ends)
		}
		again := c.nr
		if c.code == restartBlock {
			again = unix.SYS_RESTART_SYSCALL
		}
		for where, r := range map[string]image.Regs{
			"in the filter":                {Rip: next, Rax: minus(restartSys), OrigRax: again},
			"at its instruction":           {Rip: next - 2, Rax: again, OrigRax: again},
			"at its instruction, coming":   {Rip: next - 2, Rax: again, OrigRax: minus(-1)},
			"elsewhere":                    {Rip: next + 8, Rax: again, OrigRax: minus(-1)},
			"behind a call of another one": {Rip: next, Rax: minus(restartSys), OrigRax: 999},
		} {
			s, before := arrives(), r
			was := s.wasIn(&r)
			in := c.ends != 0 && where != "elsewhere" && where != "behind a call of another one"
			if was != in || !was && r != before {
				t.Errorf("%s, %s: %v %+v", name, where, was, r)
			}
			if was && (r.Rip != next || int64(r.Rax) != c.ends || r.OrigRax != again) {
				t.Errorf("%s, %s: %+v", name, where, r)
			}
			if s.wasIn(&before) {
				t.Errorf("%s, %s: once more", name, where)
			}
		}
		n := &notify.Notification{IP: next, Nr: int32(again)}
		p := &pending{goesOn: arrives().begun.code(n)}
		if want := c.ends; p.remade() != want && want != 0 || want == 0 && p.remade() != -noIntr {
			t.Errorf("%s: broken off it gives %d", name, p.remade())
		}
		n.IP++
		if arrives().begun.code(n) != 0 {
			t.Errorf("%s: another call is taken for it", name)
		}
	}
}
