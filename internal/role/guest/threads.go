package guest

import (
	"fmt"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// threads makes the other threads, each with the id it has at home.
func (a *arrival) threads(img *image.Image) ([]*strand, error) {
	out := []*strand{a.s}
	for i := 1; i < len(img.Threads); i++ {
		own := img.Threads[i].TID
		slot := a.s.b.Slots.New()
		if slot == nil {
			return nil, fmt.Errorf("more than %d threads", stub.MaxSlots)
		}
		s, err := a.thread(own, slot)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (a *arrival) thread(own int, slot *stub.Slot) (*strand, error) {
	const flags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
	a.g.makeMu.Lock() // the next id is one for all
	defer a.g.makeMu.Unlock()
	if err := a.g.init.nextID(own); err != nil {
		return nil, err
	}
	got, err := a.s.t.Must("make a thread", unix.SYS_CLONE, flags, slot.Addr)
	if err != nil {
		return nil, err
	}
	if int(got) != own {
		return nil, fmt.Errorf("thread %d could only be made as %d", own, got)
	}
	s := a.g.awaitBorn(own)
	if s == nil {
		return nil, fmt.Errorf("thread %d was not reported", own)
	}
	a.g.fam.Loop.Do(func() { s.t.Slot = slot })
	s.served.Store(true)
	return s, nil
}

// queue makes a signal pending that has come with the process.
func queue(strands []*strand, s wire.PendingSignal) error {
	var info ptrace.SigInfo
	copy(info[:], s.Info)
	if strands[0].b.homeTimers.absorbs(&info, true) {
		return nil
	}
	for _, x := range strands {
		if x.t.Own == s.TID {
			return x.t.QueueSignal(disguise(info, true), true)
		}
	}
	return strands[0].t.QueueSignal(disguise(info, false), false)
}
