package deputy

import (
	"testing"
	"time"

	"openmosix/internal/model/syscalls"
)

func enters(b *bulks, d *deputy, serial uint64, bytes int) bool {
	entered, _ := b.enter(d, serial, bytes)
	return entered
}

// TestLargeCallsHaveABudget: those of one guest side have no more memory than that together, and each has its turn.
func TestLargeCallsHaveABudget(t *testing.T) {
	b := &bulks{most: 10}
	first, second, third, small := idle(), idle(), idle(), idle()
	if !enters(b, first, 1, 100) {
		t.Error("one that is larger than all of it has nowhere to go")
	}
	if enters(b, second, 2, 6) || enters(b, third, 3, 6) || enters(b, second, 2, 6) {
		t.Error("there is no room")
	}
	b.leave(first)
	if enters(b, third, 3, 6) {
		t.Error("it was not the next")
	}
	if !enters(b, second, 2, 6) {
		t.Error("there is room")
	}
	if enters(b, small, 4, 1) {
		t.Error("who waits for much is overtaken again and again")
	}
	b.leave(third) // it waits no more
	if !enters(b, small, 4, 1) {
		t.Error("there is room for a small one")
	}
	b.leave(second)
	b.leave(small)
	if b.used != 0 || b.waits != 0 || len(b.row) != 0 || len(b.under) != 0 {
		t.Errorf("what is left: %+v", b)
	}
}

// TestLargeCallsMayWaitForEachOther: who has been at it for longest is broken off when others wait, each once.
func TestLargeCallsMayWaitForEachOther(t *testing.T) {
	b := &bulks{most: 10}
	first, second, third := idle(), idle(), idle()
	enters(b, first, 1, 5)
	enters(b, second, 2, 5)
	if d, _ := b.outlasts(0); d != nil {
		t.Error("nobody waits")
	}
	enters(b, third, 3, 5)
	if d, _ := b.outlasts(time.Hour); d != nil {
		t.Error("nobody has waited for long")
	}
	for _, want := range []*deputy{first, second, nil} {
		if d, _ := b.outlasts(0); d != want {
			t.Errorf("%p is broken off, not %p", d, want)
		}
	}
}

// TestNotAllWait: what waits has brought its data, and is bounded as well.
func TestNotAllWait(t *testing.T) {
	l := &link{bulks: bulks{most: 10}}
	first, second, third := idle(), idle(), idle()
	enters(&l.bulks, first, 1, 10)
	if _, full := l.bulks.enter(second, 2, mostInRow+1); full {
		t.Error("nobody waits, so one may")
	}
	if _, full := l.bulks.enter(third, 3, 1); !full {
		t.Error("too much waits")
	}
	third.from, third.serial = l, 3
	if entered, ok := third.awaitBulk(1); entered || !ok {
		t.Error("it is to make its call again")
	}
	third.leaveBulk()
	l.bulks.leave(first)
	if !enters(&l.bulks, second, 2, mostInRow+1) || l.bulks.waits != 0 {
		t.Error("it has its turn")
	}
}

// TestWhoWaitsWithALargeCallIsReached: by a signal or a move, and by the thread's end; and the reader reads on.
func TestWhoWaitsWithALargeCallIsReached(t *testing.T) {
	l := &link{bulks: bulks{most: 10}}
	l.bulks.enter(idle(), 1, 10)
	for name, c := range map[string]struct {
		reach func(d *deputy)
		ok    bool
	}{
		"it is cancelled":           {func(d *deputy) { d.mu.Lock(); d.cancel = 7; d.mu.Unlock() }, true},
		"its socket's time is over": {func(d *deputy) { d.mu.Lock(); d.over = 7; d.mu.Unlock() }, true},
		"its thread ends":           {func(d *deputy) { d.stop() }, false},
	} {
		d := idle()
		d.from, d.serial = l, 7
		reads := false
		d.readOn = func() { reads = true }
		time.AfterFunc(3*bulkPoll, func() { c.reach(d) })
		if entered, ok := d.awaitBulk(1); entered || ok != c.ok || !reads {
			t.Errorf("%s: entered %v, a deputy %v, read on %v", name, entered, ok, reads)
		}
		d.leaveBulk()
	}
	if len(l.bulks.row) > 0 {
		t.Error("they wait still")
	}
}

// TestLargeCallUnderLimits: what is mapped for a call that is made with the limits held does not wait for them.
func TestLargeCallUnderLimits(t *testing.T) {
	d := idle()
	d.p.limits.Lock()
	d.limited = true
	d.p.lockLimits(d)()
	d.limited = false
	d.p.limits.Unlock()
	d.from = &link{bulks: bulks{most: 10}}
	c := &syscalls.Call{Segs: []syscalls.Segment{{Size: 2 * windowMax}}}
	if entered, _ := d.awaitIfBulk(c); !entered || d.from.bulks.used < 2*windowMax {
		t.Error("it is not counted")
	}
	d.leaveBulk()
	if entered, _ := d.awaitIfBulk(&syscalls.Call{}); !entered || d.bulky {
		t.Error("a small one is counted")
	}
}
