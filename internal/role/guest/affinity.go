package guest

import (
	"fmt"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// The CPUs a thread may use are what home says: its deputy has the mask, and
// answers for it. Here the mask acts as far as this node has CPUs of those
// numbers; a mask that names none of them cannot act, and does not.

// affinity sets the CPUs of a thread of the process at home and, when home
// agrees, here. Reading them, and other processes, are home's business.
func (s *strand) affinity(p *pending) {
	target := s
	if tid := int(int32(p.args[0])); tid != 0 {
		t := s.b.ThreadByOwn(tid)
		if t == nil {
			s.goHome(p)
			return
		}
		target, _ = t.Data().(*strand)
	}
	if p.nr == unix.SYS_SCHED_GETAFFINITY || target == nil {
		s.goHome(p)
		return
	}
	s.viaHome(p, func(ret int64, _ [][]byte) int64 {
		if ret == 0 && len(p.call.Segs) == 1 {
			target.mu.Lock()
			target.cpus = cpuWords(p.call.Segs[0].In)
			target.mu.Unlock()
			if err := target.confine(); err != nil {
				s.b.g.log.Warn("affinity not set here", "thread", target.t.Own, "error", err)
			}
		}
		return ret
	})
}

// cpuWords reads a mask as sched_setaffinity(2) takes it.
func cpuWords(mask []byte) []uint64 {
	var set unix.CPUSet
	words := make([]uint64, min((len(mask)+7)/8, len(set)))
	for i, b := range mask {
		if i/8 < len(words) {
			words[i/8] |= uint64(b) << (8 * (i % 8))
		}
	}
	return words
}

// confine puts the thread on the CPUs it is to use here. It is kept off those
// whose number its home does not know: a program sizes its per-CPU tables by
// the machine it was started on.
func (s *strand) confine() error {
	s.b.mu.Lock()
	known := s.b.img.CPUs
	s.b.mu.Unlock()
	s.mu.Lock()
	wanted := s.cpus
	s.mu.Unlock()
	var ours unix.CPUSet // what this node lends
	if err := unix.SchedGetaffinity(0, &ours); err != nil {
		return err
	}
	set, ok := choose(ours, known, wanted)
	if !ok {
		return fmt.Errorf("this node has no CPU with a number below %d, as home has them", known)
	}
	return unix.SchedSetaffinity(s.t.TID, &set)
}

// choose picks of a node's CPUs those with numbers below known (0: any) and, if
// there are such, those wanted (nil: any). False: there is none.
func choose(ours unix.CPUSet, known int, wanted []uint64) (unix.CPUSet, bool) {
	const bits = 64
	var both unix.CPUSet
	for c := range len(ours) * bits {
		if known > 0 && c >= known {
			ours.Clear(c)
		}
		if i := c / bits; ours.IsSet(c) && i < len(wanted) && wanted[i]>>(c%bits)&1 != 0 {
			both.Set(c)
		}
	}
	if both.Count() > 0 {
		return both, true
	}
	return ours, ours.Count() > 0
}

// confineAll puts all threads of an arriving body on their CPUs, where they weigh what they are to.
func confineAll(strands []*strand, img *image.Image) error {
	for i, s := range strands {
		s.mu.Lock()
		s.cpus, s.weight = img.Threads[i].CPUs, img.Threads[i].Weight
		s.mu.Unlock()
		if err := s.confine(); err != nil {
			return err
		}
		if err := s.weigh(); err != nil {
			s.b.g.log.Debug("a thread has another weight here", "thread", s.t.Own, "error", err)
		}
	}
	return nil
}
