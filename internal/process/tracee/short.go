package tracee

import (
	"crypto/rand"
	"strconv"

	"openmosix/internal/linux/mem"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// A read of /dev/zero or /dev/urandom gives all that is asked for, unless a signal breaks it off: then it gives the
// whole pages that it has got to. That a thread is stopped breaks it off as well, and the program must not see that: dd,
// for one, counts its reads, not what they gave. So the rest is stored where it belongs.

// maxRest bounds it: the process stands still meanwhile.
const maxRest = 64 << 20

// cutShort tells whether such a read may be what gave ret.
func cutShort(nr int, args [6]uint64, ret int64) bool {
	count := args[2]
	return nr == unix.SYS_READ && ret > 0 && uint64(ret) < count && ret%image.PageSize == 0 && count-uint64(ret) <= maxRest
}

// ReadRest stores it, if it was such a read of a thread that stands which gave ret, or a receive that wants all: the whole
// result. Where the memory ends that may be written, the read ends.
func (p *Process) ReadRest(nr int, args [6]uint64, ret int64) int64 {
	if AwaitsRest(nr, args, ret) {
		return p.receiveRest(nr, args, ret)
	}
	if !cutShort(nr, args, ret) {
		return ret
	}
	var more func([]byte)
	switch p.device(args[0]) {
	case deviceZero:
		more = func(b []byte) { clear(b) }
	case deviceRandom, deviceURandom:
		more = func(b []byte) { _, _ = rand.Read(b) } // never fails: its documentation
	default:
		return ret
	}
	buf := make([]byte, 64<<10)
	for left := args[2] - uint64(ret); left > 0; left = args[2] - uint64(ret) {
		b := buf[:min(left, uint64(len(buf)))]
		more(b)
		if (mem.User{Space: p.Mem}).Write(args[1]+uint64(ret), b) != nil {
			break
		}
		ret += int64(len(b))
	}
	return ret
}

// The minor numbers of Documentation/admin-guide/devices.txt under the major number of memory.
const (
	majorMemory   = 1
	deviceZero    = 5
	deviceRandom  = 8
	deviceURandom = 9
)

// device is the minor number of the memory device that a descriptor shows; 0: none.
func (p *Process) device(fd uint64) uint32 {
	var st unix.Stat_t
	if unix.Stat(p.Family.FS.Path(p.PID, "fd/"+strconv.Itoa(int(int32(fd)))), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR || unix.Major(st.Rdev) != majorMemory {
		return 0
	}
	return unix.Minor(st.Rdev)
}

// noteShort notes whether a thread that has just stopped may have been in such a read. Tracing thread.
func (t *Thread) noteShort(r *image.Regs) {
	nr, args := int(r.OrigRax), argsOf(r)
	t.short = r.Cs == codeSegment64 && nr >= 0 && (cutShort(nr, args, int64(r.Rax)) || AwaitsRest(nr, args, int64(r.Rax)))
}

// readRests completes the reads that the stops of threads have broken off.
func (h *Hold) readRests() {
	if !h.short.Load() {
		return
	}
	for _, t := range h.Threads() {
		var r image.Regs
		short := false
		h.Do(func() {
			if t.short {
				var err error
				r, err = ptrace.Regs(t.TID)
				short, t.short = err == nil, false // else it is gone
			}
		})
		if !short {
			continue
		}
		if all := t.Proc.ReadRest(int(r.OrigRax), argsOf(&r), int64(r.Rax)); uint64(all) != r.Rax {
			r.Rax = uint64(all)
			h.Do(func() { _ = ptrace.SetRegs(t.TID, r) })
		}
	}
}

// argsOf are the arguments of the call that a thread has just made.
func argsOf(r *image.Regs) [6]uint64 { return [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9} }
