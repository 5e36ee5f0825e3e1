package daemon

import (
	"strings"
	"testing"

	"openmosix/internal/model/supervisor"
)

// A process that the limits on guests would have killed is refused, before it comes.
func TestLimitsOnGuests(t *testing.T) {
	one, two := twoNodes(t, nil) // what comes needs 1 MiB
	pid := sleeper(t, 0).Process.Pid
	for _, c := range []struct {
		all, each uint64
		code      supervisor.Code
	}{{all: 16, code: supervisor.NoMemory}, {each: 16, code: supervisor.NoMemory}, {all: 1000, each: 16, code: supervisor.NoMemory}, {all: 100, each: 100}} {
		limited := *two.live.Load()
		limited.Guests.Memory, limited.Guests.EachMemory = c.all, c.each
		two.live.Store(&limited)
		if r := one.move(t, pid, 2); r.Code != c.code || r.Code != "" && !strings.Contains(r.Text, "1 MiB are needed") {
			t.Errorf("%+v: %+v", c, r)
		}
	}
	// One that is here counts, as much as it was promised.
	limited := *two.live.Load()
	limited.Guests.Memory = 40
	two.live.Store(&limited)
	if r := one.move(t, sleeper(t, 0).Process.Pid, 2); r.Code != supervisor.NoMemory {
		t.Errorf("a second one: %+v", r)
	}
	limited.Guests.Memory, limited.Guests.EachPIDs = 0, 64
	two.live.Store(&limited)
	for threads, code := range map[int]supervisor.Code{40: "", 60: supervisor.Refused} {
		if no := two.mayLend(1, supervisor.Open{Need: supervisor.Need{Threads: threads}}); no.Code != code || code != "" && !strings.Contains(no.Text, "guests.each_pids") {
			t.Errorf("one of %d threads: %+v", threads, no)
		}
	}
}
