package guest

import (
	"testing"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// TestAnswersToNoCall: home may answer what a supervisor has not asked yet, or has asked for itself and does not wait for any more.
func TestAnswersToNoCall(t *testing.T) {
	g := newGuest()
	defer g.fam.Loop.Close()
	b := &body{g: g}
	b.listener.Store(-1)
	s := &strand{b: b, t: &tracee.Thread{}}
	p := &pending{s: s, serial: 7}
	s.call = p
	for _, ret := range []int64{0, -int64(unix.EINTR), -noIntr, 1 << 40} {
		g.take(s, p, syscalls.AppendReply(le.AppendUint64(nil, p.serial), ret, nil))
		if s.call != p {
			t.Fatalf("%d ends a call that no program makes", ret)
		}
	}
}
