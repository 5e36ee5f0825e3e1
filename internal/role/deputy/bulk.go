package deputy

import (
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/syscalls"

	"golang.org/x/sys/unix"
)

// A call with large buffers takes at home, for as long as it lasts, what it brings and what it may give, in the deputy and in
// this supervisor. A guest side may have thousands of threads make such calls, and claim that each of them is large. So those
// of one side have a budget, and wait for it.
//
// One that is under way may wait for what another one, which waits for the budget, is to do: a reader of a pipe, and who
// writes to it. So after a while the one that began first is broken off. The guest's side makes it again, which the program
// does not see, and it is the last in the row then. A write that had begun is short; so the budget is more than programs
// have under way that are honest.
const (
	mostBulk = 512 << 20
	// mostInRow bounds what waits. Who comes then makes its call again after rowPause.
	mostInRow = 128 << 20
	rowPause  = 100 * time.Millisecond
	// bulkPatience is after which time one is broken off, bulkPoll how often it is looked.
	bulkPatience = 3 * time.Second
	bulkPoll     = 5 * time.Millisecond
)

// bulks are the large calls of one guest side.
type bulks struct {
	most int

	mu    sync.Mutex
	used  int
	under []bulk    // in the order in which they began
	row   []bulk    // those that wait
	waits int       // bytes of these
	since time.Time // something has changed for them, or one was broken off
}

type bulk struct {
	d      *deputy
	serial uint64
	bytes  int
	broken bool
}

// enter begins a call, if there is room. One that is larger than all of it begins when there is no other. Else the
// caller waits in the row, and asks again; full says that there is no room there either.
func (b *bulks) enter(d *deputy, serial uint64, bytes int) (entered, full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := bulk{d: d, serial: serial, bytes: bytes}
	waits := slices.ContainsFunc(b.row, one.same)
	if len(b.row) > 0 && b.row[0].d != d || b.used > 0 && b.used+bytes > b.most {
		if waits {
			return false, false
		}
		if len(b.row) > 0 && b.waits+bytes > mostInRow {
			return false, true
		}
		if len(b.row) == 0 {
			b.since = time.Now()
		}
		b.row = append(b.row, one)
		b.waits += bytes
		return false, false
	}
	if waits {
		b.row = b.row[1:]
		b.waits -= bytes
	}
	b.used += bytes
	b.under = append(b.under, one)
	b.since = time.Now()
	return true, false
}

// same tells of a call of the same thread.
func (one bulk) same(other bulk) bool { return one.d == other.d }

// leave says that a thread makes no such call, and waits for none.
func (b *bulks) leave(d *deputy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := bulk{d: d}
	if i := slices.IndexFunc(b.row, one.same); i >= 0 {
		b.waits -= b.row[i].bytes
		b.row = slices.Delete(b.row, i, i+1)
	}
	if i := slices.IndexFunc(b.under, one.same); i >= 0 {
		b.used -= b.under[i].bytes
		b.under = slices.Delete(b.under, i, i+1)
		b.since = time.Now()
	}
}

// outlasts is a call that is to be broken off, because others have waited for so long; nil: none.
func (b *bulks) outlasts(patience time.Duration) (*deputy, uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.row) == 0 || time.Since(b.since) < patience {
		return nil, 0
	}
	for i := range b.under {
		if one := &b.under[i]; !one.broken {
			one.broken, b.since = true, time.Now()
			return one.d, one.serial
		}
	}
	return nil, 0
}

// awaitBulk waits until the call under way may have so much memory, which it has until leaveBulk. entered is false if it was broken off before, and ok if
// the thread is no deputy any more.
func (d *deputy) awaitBulk(bytes int) (entered, ok bool) {
	if d.from == nil { // not a guest's
		return true, true
	}
	b := &d.from.bulks
	d.leaveBulk() // if it begins once more
	d.bulky = true
	d.mu.Lock()
	serial := d.serial
	d.mu.Unlock()
	for {
		entered, full := b.enter(d, serial, bytes)
		if entered {
			return true, true
		}
		d.relieve()
		if full {
			select {
			case <-d.quit:
				return false, false
			case <-time.After(rowPause):
				return false, true
			}
		}
		d.mu.Lock()
		cancelled := d.cancel == serial || d.over == serial
		d.mu.Unlock()
		if cancelled {
			return false, true
		}
		if other, of := b.outlasts(bulkPatience); other != nil {
			other.breakOffAs(of, true)
		}
		select {
		case <-d.quit:
			return false, false
		case <-time.After(bulkPoll):
		}
	}
}

// leaveBulk ends what awaitBulk has begun, if it has.
func (d *deputy) leaveBulk() {
	if d.bulky {
		d.from.bulks.leave(d)
		d.bulky = false
	}
}

// awaitIfBulk is awaitBulk of a call that is to be made with proc.limits held, for which others must not wait meanwhile: they
// cannot end without.
func (d *deputy) awaitIfBulk(c *syscalls.Call) (entered, ok bool) {
	if _, _, need, _ := c.Place(0, nil, 0); need > windowMax || c.IsCut() {
		return d.awaitBulk(need)
	}
	return true, true
}

// bulk runs a call whose buffers do not fit the window, or are to fault where its guest's do: in
// memory that the deputy maps for it.
func (d *deputy) bulk(c *syscalls.Call, need int) (int64, [][]byte, bool) {
	size := uint64(need+4095) &^ 4095
	if !d.limited { // else it has waited
		if entered, ok := d.awaitBulk(int(size)); !entered {
			return restartNoIntr, nil, ok
		}
	}
	at, err := d.p.scratch(d, size)
	if err != nil {
		return 0, nil, false
	}
	if at < 0 && at > -4096 {
		return -int64(unix.ENOMEM), nil, true
	}
	defer d.p.unscratch(d, at, size)
	buf := make([]byte, size)
	args, offs, _, _ := c.Place(uint64(at), buf, need)
	for i := range c.Segs { // only what the call brings; fresh memory is zero
		n := len(c.Segs[i].In)
		if n > 0 {
			if err := d.p.Mem.Write(uint64(at)+uint64(offs[i]), buf[offs[i]:offs[i]+n]); err != nil {
				return -int64(unix.EFAULT), nil, true
			}
		}
	}
	for _, r := range c.Relocs {
		o := offs[r.Seg] + int(r.Off)
		if err := d.p.Mem.Write(uint64(at)+uint64(o), buf[o:o+8]); err != nil {
			return -int64(unix.EFAULT), nil, true
		}
	}
	for _, h := range c.Holes(offs) {
		if _, err := d.t.Must("make a hole", unix.SYS_MPROTECT, uint64(at)+uint64(h.Off), uint64(h.Len), unix.PROT_NONE); err != nil {
			return -int64(unix.ENOMEM), nil, d.t.Alive()
		}
	}
	slot := d.t.Slot
	if slot == nil {
		return 0, nil, false
	}
	if !d.post(slot, c.Nr, args) {
		return restartNoIntr, nil, true
	}
	d.begun()
	ret, ok := d.await(slot)
	if !ok {
		return 0, nil, false
	}
	ret = d.whole(c.Nr, args, ret)
	for i := range c.Segs {
		s := &c.Segs[i]
		if s.Out {
			if err := d.p.Forced().Read(uint64(at)+uint64(offs[i]), buf[offs[i]:offs[i]+int(s.Size)]); err != nil {
				return -int64(unix.EFAULT), nil, true
			}
		}
	}
	d.last = placed{}
	return ret, c.Returned(ret, buf, offs, nil), true
}
