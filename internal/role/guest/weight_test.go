package guest

import (
	"testing"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

func TestWeightHere(t *testing.T) {
	const normal, fifo, rr, batch, idle = unix.SCHED_NORMAL, unix.SCHED_FIFO, unix.SCHED_RR, unix.SCHED_BATCH, unix.SCHED_IDLE
	for _, c := range []struct{ wanted, given, want image.Weight }{
		{image.Weight{Policy: normal}, image.Weight{Policy: normal}, image.Weight{Policy: normal}},
		{image.Weight{Policy: normal, Nice: 10}, image.Weight{Policy: normal}, image.Weight{Policy: normal, Nice: 10}},
		{image.Weight{Policy: normal, Nice: 10}, image.Weight{Policy: normal, Nice: 5}, image.Weight{Policy: normal, Nice: 15}},
		{image.Weight{Policy: batch, Nice: 15}, image.Weight{Policy: normal, Nice: 5}, image.Weight{Policy: batch, Nice: 19}},
		{image.Weight{Policy: normal, Nice: -10}, image.Weight{Policy: normal, Nice: 5}, image.Weight{Policy: normal, Nice: 5}},
		{image.Weight{Policy: normal, Nice: 5}, image.Weight{Policy: idle, Nice: 19}, image.Weight{Policy: idle, Nice: 19}},
		{image.Weight{Policy: idle}, image.Weight{Policy: normal}, image.Weight{Policy: idle}},
		{image.Weight{Policy: fifo}, image.Weight{Policy: normal}, image.Weight{Policy: normal}},
		{image.Weight{Policy: rr}, image.Weight{Policy: normal, Nice: 3}, image.Weight{Policy: normal, Nice: 3}},
		{image.Weight{Policy: 77, Nice: 1 << 30}, image.Weight{Policy: normal}, image.Weight{Policy: normal}},
		{image.Weight{Policy: normal, Nice: -1 << 31}, image.Weight{Policy: normal}, image.Weight{Policy: normal}},
	} {
		if got := weightHere(c.wanted, c.given); got != c.want {
			t.Errorf("%+v on a node that gives %+v is %+v, not %+v", c.wanted, c.given, got, c.want)
		}
	}
}
