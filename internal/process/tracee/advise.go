package tracee

import (
	"fmt"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// advices are the calls that give and take advice. A hint changes nothing but the speed:
// the kernel may not have the facility. What takes a hint for huge pages back is the other one only.
var advices = []struct {
	bit        image.Advice
	give, take int // take: what takes it back; 0: nothing does
	hint       bool
}{
	{image.HugePages, unix.MADV_HUGEPAGE, 0, true},
	{image.NoHugePages, unix.MADV_NOHUGEPAGE, 0, true},
	{image.DontFork, unix.MADV_DONTFORK, unix.MADV_DOFORK, false},
	{image.WipeOnFork, unix.MADV_WIPEONFORK, unix.MADV_KEEPONFORK, false},
	{image.DontDump, unix.MADV_DONTDUMP, unix.MADV_DODUMP, false},
	{image.Mergeable, unix.MADV_MERGEABLE, unix.MADV_UNMERGEABLE, true},
}

// advise gives a mapping its advice, where it has had other one, and locks it if it is to be.
func (t *Thread) advise(v image.VMA, was image.Advice) error {
	for _, a := range advices {
		call := a.give
		switch {
		case (v.Advice^was)&a.bit == 0:
			continue
		case v.Advice&a.bit == 0:
			call = a.take
		}
		if call == 0 {
			continue
		}
		if _, err := t.Must("madvise", unix.SYS_MADVISE, v.Start, v.Len(), uint64(call)); err != nil && !a.hint {
			return fmt.Errorf("advice %d: %w", call, err)
		}
	}
	if (v.Advice^was)&image.Locks != 0 {
		return t.relock(v)
	}
	return nil
}
