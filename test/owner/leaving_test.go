package owner

import (
	"testing"

	"openmosix/test/labtest"
)

// A guest that gets only what the owner leaves, and he leaves nothing, goes home
// all the same when its home says so: for that it gets CPU time.
func TestLeavesBesideBusyOwner(t *testing.T) {
	lab, path := nodes(t, "owner_first = false"), program(t)
	limited(t, lab)
	lab.Limit(patience)
	guest := lent(t, lab, path, "burn", 1_000_000)
	for range 8 {
		start(t, lab, lender, path, "burn", 1_000_000).goOn(t)
	}
	if status, text := lab.Migrate(t.Context(), home, guest.pid, labtest.Home); status != labtest.Moved {
		t.Errorf("migrate home: %v: %s", status, text)
	}
}
