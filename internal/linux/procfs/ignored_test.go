package procfs

import (
	"testing"

	"golang.org/x/sys/unix"
)

func bits(signals ...unix.Signal) (set uint64) {
	for _, s := range signals {
		set |= 1 << (s - 1)
	}
	return set
}

func TestIgnoredAndWaiting(t *testing.T) {
	for name, c := range map[string]struct {
		status         Status
		ignores, waits bool // SIGCHLD; any
	}{
		"by default":                 {Status{ShdPnd: bits(unix.SIGCHLD)}, true, false},
		"caught":                     {Status{SigCgt: bits(unix.SIGCHLD), SigPnd: bits(unix.SIGCHLD)}, false, true},
		"ignored":                    {Status{SigIgn: bits(unix.SIGCHLD, unix.SIGUSR1), ShdPnd: bits(unix.SIGUSR1)}, true, false},
		"blocked":                    {Status{SigBlk: bits(unix.SIGCHLD, unix.SIGTERM), ShdPnd: bits(unix.SIGTERM)}, false, false},
		"another one waits":          {Status{ShdPnd: bits(unix.SIGTERM)}, true, true},
		"it lets go on in any case":  {Status{SigIgn: bits(unix.SIGCHLD), SigPnd: bits(unix.SIGCONT)}, true, true},
		"real time, nobody wants it": {Status{SigIgn: 1 << 40, SigPnd: 1 << 40}, true, false},
	} {
		if c.status.Ignores(int(unix.SIGCHLD)) != c.ignores || c.status.Waits() != c.waits {
			t.Errorf("%s: ignores %v, waits %v", name, c.status.Ignores(int(unix.SIGCHLD)), c.status.Waits())
		}
	}
}
