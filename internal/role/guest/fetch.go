package guest

import (
	"errors"
	"time"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/fetching"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// While pages of a body are missing (package fetching), no process is forked of it, nor
// is it moved; and the link's reader, whom the fetching lives by, does not touch its memory.

// fetcher has a body fetch what it lacks, by its home.
type fetcher struct{ b *body }

// fetch begins to serve what a body lacks. Precondition: the body waits in its
// stub, and nothing is at the missing places.
func (a *arrival) fetch(lacks []image.Range) error {
	b := a.s.b
	fd, err := a.faults(uffd.FollowChanges)
	if err != nil {
		return err
	}
	vmas, _, err := b.Mappings(nil)
	if err != nil {
		_ = fd.Close()
		return err
	}
	f, err := fetching.New(fetcher{b}, fd, lacks, vmas)
	if err == nil {
		b.fetching.Store(f)
	}
	return err
}

// faults makes a userfaultfd of the body, which serves the kernel's faults as well. It waits in its stub.
func (a *arrival) faults(want uffd.Features) (uffd.FD, error) {
	device, err := a.g.pass(a.s, a.g.device)
	if err != nil {
		return -1, err
	}
	fd, err := a.s.t.Userfault(device, want)
	if _, e := a.s.t.Must("close", unix.SYS_CLOSE, uint64(device)); err == nil {
		err = e
	}
	return fd, err
}

// beginFetching has the background go. The body runs, and home has been told.
func (b *body) beginFetching() {
	f := b.fetching.Load()
	if f == nil {
		return
	}
	b.g.conn.Flush() // what is behind this point is true only then
	b.g.fault.Reach(fault.GuestFetches)
	f.Begin()
}

// mayLack checks that home leaves out only what can be fetched.
func (g *Guest) mayLack(img *image.Image, lacks []image.Range) error {
	if len(lacks) > 0 && g.device == nil {
		return errors.New("home leaves pages out, and this node cannot fetch them later")
	}
	return missing.Allowed(img, lacks)
}

func (f fetcher) Want(m wire.WantMsg) error { return f.b.g.post(wire.Want, f.b.Own, wire.Encode(m)) }

// Failed ends the body: it cannot go on without what home does not give.
func (f fetcher) Failed(err error) {
	b := f.b
	b.g.log.Error("a page cannot be fetched: killing the process", "process", b.Own, "error", err)
	_ = b.g.post(wire.Died, b.Own, wire.Encode(wire.DiedMsg{Signal: int(unix.SIGKILL), There: true, Memory: errors.Is(err, unix.ENOMEM)}))
	b.kill()
}

// Whole tells home. Which pages were written since they came nobody has noted: all of
// their mappings count as written.
func (f fetcher) Whole(all *fetching.Fetching) {
	b := f.b
	b.g.log.Info("the rest of a process's memory has come", "process", b.Own, "pages", all.Pages, "faults", all.Waits(), "took_us", time.Since(all.Begun).Microseconds())
	_ = b.g.post(wire.Want, b.Own, wire.Encode(wire.WantMsg{Done: true}))
	if err := b.trackFetched(all.Mine); err != nil {
		b.g.log.Warn("writes are not tracked: everything will be sent back", "process", b.Own, "error", err)
	}
	b.fetching.Store(nil)
	b.dropHeld()
}

// missing is how many bytes of the body are to come.
func (b *body) missing() uint64 {
	f := b.fetching.Load()
	if f == nil {
		return 0
	}
	return f.Missing()
}

// lacks tells whether pages of the body are missing.
func (b *body) lacks() bool { return b.fetching.Load() != nil }

// whole waits until nothing is missing, or stopped says that there is no use in that. An
// error: it will not come to that.
func (b *body) whole(stopped func() bool) error {
	f := b.fetching.Load()
	if f == nil {
		return nil
	}
	for {
		select {
		case <-f.Done():
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.gone || b.lacks() {
				return tracee.ErrGone
			}
			return nil
		case <-b.g.done:
			return tracee.ErrGone
		case <-time.After(wholePause):
			if stopped() {
				return errGivenUp
			}
		}
	}
}

const wholePause = 20 * time.Millisecond

func never() bool { return false }
