package lodging

import (
	"fmt"
	"syscall"
	"time"
)

// Birth has a guest supervisor that is about to be started live in the room;
// entered is called with its pid, or 0 when the start has failed.
func (r *Room) Birth(attr *syscall.SysProcAttr) (entered func(pid int) error, err error) {
	if r.group != nil {
		return r.group.Birth(attr)
	}
	return func(pid int) error {
		if pid != 0 {
			r.Tame([]int{pid})
		}
		return nil
	}, nil
}

// Processes is how many processes and threads the user of a guest supervisor, who has no
// others, may have where no group limits them; 0: there is no limit. The supervisor is to
// limit itself: to limit another user's process takes CAP_SYS_RESOURCE, which
// containers as a rule are not given.
func (r *Room) Processes() int {
	if r.group != nil {
		return 0
	}
	r.house.mu.Lock()
	defer r.house.mu.Unlock()
	return r.house.limits.EachPIDs
}

// Hurry gives the room what it needs to be moved into or left quickly, or takes
// that back.
func (r *Room) Hurry(on bool) {
	r.house.mu.Lock()
	defer r.house.mu.Unlock()
	was := r.hurried
	if on {
		r.hurried++
	} else {
		r.hurried = max(0, r.hurried-1)
	}
	if (was > 0) != (r.hurried > 0) {
		r.house.apply()
	}
}

// Tame makes processes of the room nice where there is no group to do so; it is
// called again for what they have started since.
func (r *Room) Tame(pids []int) {
	if r.group != nil {
		return
	}
	r.house.mu.Lock()
	defer r.house.mu.Unlock()
	nice := nicest
	if r.hurried > 0 {
		nice = 0
	}
	tamed := make(map[int]int, len(pids))
	for _, pid := range pids {
		if was, known := r.tamed[pid]; !known || was != nice {
			if err := setNice(r.house.proc, pid, nice); err != nil {
				continue // it has ended, or is tried again
			}
		}
		tamed[pid] = nice
	}
	r.tamed = tamed
}

// Usage is what the room has used; known is false where nothing counts it.
func (r *Room) Usage() (cpu time.Duration, memory uint64, known bool) {
	if r.group == nil {
		return 0, 0, false
	}
	u, err := r.group.Usage()
	return u.CPU, u.Memory, err == nil
}

// Mishaps tells in words what the room's limits have done since it was last asked.
func (r *Room) Mishaps() []string {
	if r.group == nil {
		return nil
	}
	u, err := r.group.Usage()
	if err != nil {
		return nil
	}
	r.house.mu.Lock()
	defer r.house.mu.Unlock()
	var all []string
	if n := u.Killed - min(u.Killed, r.seen.Killed); n > 0 {
		all = append(all, fmt.Sprintf("%d killed for want of memory: %s", n, r.house.limits.memoryWords()))
	}
	if u.Refused > r.seen.Refused {
		all = append(all, fmt.Sprintf("no more processes: a guest may have %d here (guests.each_pids)", r.house.limits.EachPIDs))
	}
	r.seen = u
	return all
}

// memoryWords says whose limit was met first.
func (l Limits) memoryWords() string {
	switch {
	case l.EachMemory > 0 && (l.Memory == 0 || l.EachMemory <= l.Memory):
		return fmt.Sprintf("a guest may have %d MiB here (guests.each_memory_mib)", l.EachMemory>>20)
	case l.Memory > 0:
		return fmt.Sprintf("all guests together may have %d MiB here (guests.memory_mib)", l.Memory>>20)
	}
	return "this node had none left"
}

// Close removes the room when its last process is gone.
func (r *Room) Close() {
	r.closes()
	var err error
	if r.group != nil {
		err = r.group.Remove(removeTime)
	}
	r.house.mu.Lock()
	defer r.house.mu.Unlock()
	delete(r.house.rooms, r.name)
	if r.hurried > 0 {
		r.hurried = 0
		r.house.apply()
	}
	if err != nil {
		r.house.log.Warn("a group of guests stays", "group", r.group, "error", err)
	}
}

// closes: from now on its group may be gone at any moment, and it is given no limits.
func (r *Room) closes() {
	r.house.mu.Lock()
	defer r.house.mu.Unlock()
	r.closing = true
}
