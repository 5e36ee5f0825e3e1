package guest

import (
	"testing"

	"openmosix/internal/process/tracee"
)

// What home says of an attempt that was given up counts for no later one.
func TestSettledOfAnotherAttempt(t *testing.T) {
	g := newGuest()
	defer g.fam.Loop.Close()
	b := &body{g: g, Process: &tracee.Process{Own: 7}}
	g.bodies[1] = b
	d := b.newDeparture(5)
	for _, try := range []uint64{4, 6} {
		g.settled(7, le.AppendUint64(nil, try))
	}
	g.settled(7, nil)
	if len(d.settled) > 0 {
		t.Error("the word about another attempt counts")
	}
	if g.settled(7, le.AppendUint64(nil, 5)); len(d.settled) == 0 {
		t.Error("its own does not")
	}
}
