package guest

import (
	"errors"

	"openmosix/internal/linux/weight"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// The weight of a thread is what home says: its deputy has it, and answers for it. Here it acts among what this node has
// taken, whose share of the machine is for the node to say. Nobody weighs more here than what is ordinary, and
// nothing is in real time.

// nicest is as nice as a thread can be.
const nicest = 19

// weightHere is that of a thread on a node that gives its guests another than the ordinary one.
func weightHere(wanted, given image.Weight) image.Weight {
	if given.Policy == unix.SCHED_IDLE { // below every niceness
		return given
	}
	switch wanted.Policy {
	case unix.SCHED_NORMAL, unix.SCHED_BATCH:
		return image.Weight{Policy: wanted.Policy, Nice: min(nicest, given.Nice+max(0, wanted.Nice))}
	case unix.SCHED_IDLE:
		return image.Weight{Policy: wanted.Policy, Nice: min(nicest, max(0, wanted.Nice))}
	}
	return image.Weight{Policy: unix.SCHED_NORMAL, Nice: given.Nice}
}

// weigh gives the thread its weight here.
func (s *strand) weigh() error {
	given, err := weight.Of(s.b.g.init.t.TID)
	if err != nil {
		return err
	}
	s.mu.Lock()
	here := weightHere(s.weight, given)
	s.mu.Unlock()
	has, err := weight.Of(s.t.TID)
	if err != nil || has == here {
		return err
	}
	err = weight.Set(s.t.TID, here)
	if errors.Is(err, unix.EPERM) && here.Nice < has.Nice { // this node does not let it become less nice
		here.Nice = has.Nice
		err = weight.Set(s.t.TID, here)
	}
	return err
}
