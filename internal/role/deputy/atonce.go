package deputy

import (
	"fmt"
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// What a guest's thread asks for is mostly done in a few microseconds, and its deputy has nothing
// else to do: then the link's reader itself does it. To wake a goroutine up wakes two to four
// threads of the runtime, one to run it and others that look whether there is more to do; on a
// node with one CPU each of them takes that from who computes.
//
// A reader that would have to wait longer than patience leaves the reading to another, and
// goes on as a deputy's goroutine would. Order is kept: a request is done at once only if none is
// before it, and one that comes meanwhile is left to the deputy's goroutine, which waits for using.

// patience is how long others on the same link may have to wait for one's call.
const patience = 200 * time.Microsecond

// sleeps tells of the calls that mostly wait for something that others do, or for the end of
// all: there is no use in trying.
func sleeps(c *syscalls.Call) bool {
	row := syscalls.Lookup(c.Nr)
	if row == nil || c.Nr == unix.SYS_EXIT_GROUP {
		return true
	}
	row, _ = row.Resolve(c.Args)
	return row.Interrupt != syscalls.Never && row.Interrupt != syscalls.Restart
}

// serves has a deputy do what its thread asks for, or leaves it to its goroutine. False: another
// goroutine reads on. Link reader.
func (s *Supervisor) serves(l *link, d *deputy, f frame) (reads bool, err error) {
	f, done := d.behindNow(f)
	if done {
		return true, nil
	}
	j := job{link: l, frame: f}
	if j.behind() {
		d.behinds.Add(1)
	}
	if done, relieved := d.atOnce(j, func() { go s.read(l) }); done {
		return !relieved, nil
	}
	l.waiting.take(len(f.data))
	d.before.Add(1)
	select {
	case d.work <- j:
	default: // a thread makes one call at a time
		return true, fmt.Errorf("too many calls at once for thread %d", f.id)
	}
	select {
	case <-d.quit:
		d.drain()
	default:
	}
	return true, nil
}

// atOnce does a request if that can be done now. relieved: readOn was called, as it took long.
func (d *deputy) atOnce(j job, readOn func()) (done, relieved bool) {
	if j.kind != wire.Call && !j.behind() || d.before.Load() > 0 || !d.using.TryLock() {
		return false, false
	}
	defer d.using.Unlock()
	select {
	case <-d.quit: // the thread is no deputy any more
		return true, false
	default:
	}
	d.readOn = readOn
	d.do(j)
	relieved = d.readOn == nil
	d.readOn = nil
	if d.p.hasToGive() {
		d.poke()
	}
	return true, relieved
}

// behind tells of the words of what the guest's side has done by itself.
func (j job) behind() bool {
	switch j.kind {
	case wire.Behind, wire.Opened, wire.Wrote, wire.Mapping:
		return true
	}
	return false
}

// relieve has another goroutine read on, if it is the link's reader that uses the slot. Receiver's using is held.
func (d *deputy) relieve() {
	if d.readOn != nil {
		d.readOn()
		d.readOn = nil
	}
}

// await waits for the call that was posted last, however long it takes. Receiver's using is held.
func (d *deputy) await(slot *stub.Slot) (int64, bool) {
	if d.readOn != nil {
		if ret, ok := slot.Await(patience); ok || slot.Dead() {
			return ret, ok
		}
		d.relieve()
	}
	return slot.Await(forever)
}

// write has the thread write bytes that are in its window, however long it takes. False: it has ended.
func (d *deputy) write(slot *stub.Slot, fd, bytes int) (int64, bool) {
	for {
		slot.Post(unix.SYS_WRITE, [6]uint64{uint64(fd), slot.WindowAddr(), uint64(bytes)})
		if ret, ok := d.await(slot); !ok || ret != restartNoIntr {
			return ret, ok
		}
	}
}

// pread reads from a file of size bytes, which may have to come from a disk.
func (d *deputy) pread(fd int, into []byte, at, size int64) (int, error) {
	if d.readOn != nil {
		n, err := unix.Preadv2(fd, [][]byte{into}, at, unix.RWF_NOWAIT)
		if err == nil && (n == len(into) || at+int64(n) >= size) {
			return n, nil
		}
		d.relieve()
	}
	return unix.Pread(fd, into, at)
}
