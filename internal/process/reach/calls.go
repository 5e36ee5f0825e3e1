package reach

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/abi"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/joint"

	"golang.org/x/sys/unix"
)

// Shared memory of which the family has descriptors. What is read or written by one does not wait for pages
// that are elsewhere: so all pages are at home while such a call is made. A call by which the memory could
// get to somebody else, or have another size, is like the opening of its name.

// Reached is what of the family's memory a call reaches.
type Reached struct {
	keys   []joint.Key
	beyond bool
}

// Any tells whether it reaches anything.
func (r Reached) Any() bool { return len(r.keys) > 0 }

// Caller is the thread that makes a call, whose descriptors are meant.
type Caller struct {
	FS       procfs.FS
	PID, TID int
}

// By tells what a call reaches. rights are the descriptors that it passes on. It locks nothing, as a tracing thread must
// not wait.
func (g *Guards) By(c Caller, nr int, args [6]uint64, rights []int) Reached {
	if g.none() {
		return Reached{}
	}
	how, fds := syscalls.ReachOf(nr, args)
	if how == syscalls.ReachAny {
		return g.Everything()
	}
	r := Reached{beyond: how >= syscalls.ReachBeyond || len(rights) > 0}
	for _, fd := range append(fds, rights...) {
		if k, is := g.shownBy(c, fd); is {
			r.keys = append(r.keys, k)
		}
	}
	return r
}

// Everything is what a call reaches of which nothing is known.
func (g *Guards) Everything() Reached {
	r := Reached{beyond: true}
	if shown := g.shown.Load(); shown != nil {
		for _, k := range *shown {
			r.keys = append(r.keys, k)
		}
	}
	return r
}

func (g *Guards) none() bool {
	shown := g.shown.Load()
	return shown == nil || len(*shown) == 0
}

// Shows tells whether a descriptor of a thread shows what is guarded.
func (g *Guards) Shows(c Caller, fd int) bool {
	_, is := g.shownBy(c, fd)
	return is
}

func (g *Guards) shownBy(c Caller, fd int) (joint.Key, bool) {
	if fd < 0 || g.none() {
		return joint.Key{}, false
	}
	var st unix.Stat_t
	if unix.Stat(c.FS.TaskPath(c.PID, c.TID, fmt.Sprintf("fd/%d", fd)), &st) != nil {
		return joint.Key{}, false // none, or not of a file of this machine
	}
	k, is := (*g.shown.Load())[shows{st.Dev, st.Ino}]
	return k, is
}

// Has tells whether a process has descriptors of memory that is guarded, as far as can be seen.
func (g *Guards) Has(fs procfs.FS, pid int) bool {
	fds, err := fs.FDNumbers(pid)
	if err != nil {
		return !errors.Is(err, procfs.ErrGone)
	}
	return slices.ContainsFunc(fds, func(fd int) bool { return g.Shows(Caller{fs, pid, pid}, fd) })
}

// holdLimit is how long pages are kept from those elsewhere for a call; then they come home as well.
const holdLimit = time.Second

// BringFor has all pages be at home that a call reaches. The result is to be called when it has been made.
func (g *Guards) BringFor(r Reached) (made func()) {
	held := g.hold(r)
	for _, k := range r.keys {
		g.home.Await(k)
	}
	return func() { go g.released(held, r.beyond) }
}

func (g *Guards) hold(r Reached) []*guard {
	g.mu.Lock()
	defer g.mu.Unlock()
	var held []*guard
	for _, k := range r.keys {
		one := g.all[k]
		if one == nil {
			continue
		}
		one.holds++ // who looks before the call has been made does not see what it does
		held = append(held, one)
		if r.beyond {
			one.coming++
			g.comesHome(k, one)
			continue
		}
		g.home.Pin(k)
		late := time.AfterFunc(holdLimit, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.all[k] == one {
				g.comesHome(k, one)
			}
		})
		one.late = append(one.late, late)
	}
	return held
}

// released: a call has been made.
func (g *Guards) released(held []*guard, beyond bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range held {
		one.holds--
		if beyond {
			one.coming--
			g.opens(one)
		}
		if one.holds > 0 {
			continue
		}
		for _, late := range one.late {
			late.Stop()
		}
		one.late = nil
		for k, its := range g.all {
			if its == one {
				g.unpinFree(k, one)
			}
		}
	}
}

// RightsAt are the descriptors that a call at home passes on. Another thread may change them in that very moment.
func RightsAt(read func(at uint64, b []byte) error, nr int, args [6]uint64) []int {
	if !syscalls.PassesRights(nr) {
		return nil
	}
	const most = 1024 // messages (UIO_MAXIOV)
	n, size := uint64(1), uint64(abi.SizeMsghdr)
	if nr == unix.SYS_SENDMMSG {
		n, size = min(uint64(uint32(args[2])), most), abi.SizeMmsghdr
	}
	le := binary.LittleEndian
	var all []int
	for i := range n {
		head := make([]byte, abi.SizeMsghdr)
		if read(args[1]+i*size, head) != nil {
			break
		}
		const mostControl = 64 << 10 // of which no more is passed on
		control := make([]byte, min(le.Uint64(head[abi.MsgControllen:]), mostControl))
		if len(control) > 0 && read(le.Uint64(head[abi.MsgControl:]), control) == nil {
			all = append(all, syscalls.Rights(control)...)
		}
	}
	return all
}
