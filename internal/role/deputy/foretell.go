package deputy

import (
	"fmt"
	"os"
	"strconv"
	"sync"

	"openmosix/internal/model/course"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A program begins each of its runs with much the same calls. What it asks between two calls that do something is
// learnt from run to run (model/course). Right behind such a call the deputy makes the questions that come next, and
// their answers go ahead of its reply. The guest's side gives them out as it does what has come ahead of a file
// (readahead.go), and tells with the next call which of them it has used.
//
// What is asked of one entry of a directory after the other is foreseen without that (course.Sweep).
//
// Only for programs that were placed where they began, as long as they have one thread and their descriptors for themselves, with the
// ids of users that this supervisor has, and without a filter of their own, which might kill them for a call they do not make.

// courses is what is known of the programs of a family.
type courses struct {
	mu    sync.Mutex
	table course.Table
}

// foreseen is what is foreseen for a deputy. The slot's user's own.
type foreseen struct {
	run   *course.Run // under courses.mu; nil: nothing
	begun bool
	sweep course.Sweep
	swept bool // what was told last was of that
}

// follows gives the run of the deputy's program; nil: it is not followed.
func (d *deputy) follows() *course.Run {
	p, f := d.p, &d.foreseen
	if !p.sharing.own.Load() || !p.plain.Load() || !p.OneThread() {
		return nil
	}
	if f.begun {
		return f.run
	}
	f.begun = true
	status, err := p.Family.FS.Status(p.PID)
	var st unix.Stat_t
	exe := p.Family.FS.Path(p.PID, "exe")
	if err != nil || status.Seccomp != 0 || unix.Stat(exe, &st) != nil {
		return nil
	}
	name, err := os.Readlink(exe)
	if err != nil {
		return nil
	}
	c := &p.s.courses
	c.mu.Lock()
	defer c.mu.Unlock()
	f.run = c.table.Begin(fmt.Sprint(name, st.Dev, st.Ino, st.Mtim))
	f.run.Step("")
	return f.run
}

// stepOf is the kind of a call that does something.
func stepOf(c *syscalls.Call) string {
	flags, _ := openFlags(c)
	return strconv.Itoa(c.Nr) + ":" + strconv.FormatUint(flags, 8)
}

// noteCall notes a call, and what it gave, behind those foretold ones that were used. The looks are what is foreseen of
// further entries of a directory.
func (d *deputy) noteCall(c *syscalls.Call, ret int64, outs [][]byte, used uint32) (run *course.Run, looks []course.Look) {
	if run = d.follows(); run != nil {
		used = d.foreseen.used(used)
		looks = d.foreseen.looks(c, ret, outs)
		d.p.s.courses.mu.Lock()
		defer d.p.s.courses.mu.Unlock()
		run.Used(used)
		if c.Asks() {
			run.Asked(string(c.Append(nil)))
		} else {
			run.Step(stepOf(c))
		}
	}
	return run, looks
}

// used takes which of those were used that were told last, and gives those that were of the run.
func (f *foreseen) used(which uint32) uint32 {
	if !f.swept {
		return which
	}
	f.sweep.Used(which)
	f.swept = false
	return 0
}

// looks follows how the program goes through directories.
func (f *foreseen) looks(c *syscalls.Call, ret int64, outs [][]byte) []course.Look {
	if c.Nr == unix.SYS_GETDENTS64 && ret > 0 && len(outs) == 1 {
		f.sweep.Listed(syscalls.Names(outs[0]))
		return nil
	}
	kind, fd, path, is := c.Look()
	if !is {
		return nil
	}
	l, is := course.LookOf(course.Kind(kind), fd, path)
	if !is {
		return nil
	}
	f.sweep.Asked(l)
	return f.sweep.Foresee(wire.MaxForetold)
}

// noteMapping notes that the process maps a file.
func (d *deputy) noteMapping(m *wire.MapFileMsg) (run *course.Run) {
	if run = d.follows(); run != nil {
		used := d.foreseen.used(m.Used)
		d.p.s.courses.mu.Lock()
		defer d.p.s.courses.mu.Unlock()
		run.Used(used)
		run.Step("map:" + strconv.FormatUint(m.Len, 16))
	}
	return run
}

// foretell makes the questions that come next, and sends the answers along with the reply, unless something else is
// said for the process meanwhile.
func (d *deputy) foretell(j job, run *course.Run, looks []course.Look) {
	if run == nil {
		return
	}
	var next []string
	if len(looks) > 0 {
		d.foreseen.swept = true
		for _, l := range looks {
			question, err := syscalls.LookAt(string(l.Kind), l.Place.FD, l.Path())
			if err != nil {
				break
			}
			next = append(next, string(question))
		}
	} else {
		d.p.s.courses.mu.Lock()
		next = run.Foresee(wire.MaxForetold)
		d.p.s.courses.mu.Unlock()
	}
	told := d.p.told.Load()
	var frame []byte
	for _, question := range next {
		c, err := syscalls.DecodeCall([]byte(question))
		if err != nil {
			return
		}
		ret, outs, ok := d.executeAs(c)
		if !ok {
			return
		}
		if isBroken(ret) {
			break
		}
		before := len(frame)
		frame = wire.ForetoldCall{Call: []byte(question), Answer: syscalls.AppendReply(nil, ret, outs)}.Append(frame)
		if len(frame) > wire.MaxForetoldBytes {
			frame = frame[:before]
			break
		}
	}
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	if len(frame) > 0 && d.p.told.Load() == told {
		_ = j.link.conn.Along(wire.Foretold, uint64(uint32(d.t.Own)), frame, nil)
	}
}

// isBroken tells whether a call was broken off, and will be made again or goes on.
func isBroken(ret int64) bool { return ret <= -512 && ret >= -516 || ret == -int64(unix.EINTR) }
