package deputy

import (
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// memory is a process's in which there is a signal mask at each address: that of this signal alone.
type memory struct{}

func (memory) Read(at uint64, b []byte) error {
	le.PutUint64(b, 1<<(at-1))
	return nil
}

func (memory) Write(uint64, []byte) error { return nil }

func TestRepeatBroken(t *testing.T) {
	const again, eintr, held = ^uint64(513) + 1, ^uint64(4) + 1, ^uint64(514) + 1
	due := tracee.Pending{}
	due.Info[0] = 10
	for _, c := range []struct {
		name    string
		nr      uint64
		rax     uint64
		mask    uint64
		pending []tracee.Pending
		want    uint64
	}{
		{"epoll_wait", unix.SYS_EPOLL_WAIT, eintr, 0, nil, again},
		{"a handler is due", unix.SYS_EPOLL_WAIT, eintr, 0, []tracee.Pending{due}, eintr},
		{"its signal is blocked", unix.SYS_EPOLL_WAIT, eintr, 1 << 9, []tracee.Pending{due}, again},
		{"a mask of its own", unix.SYS_EPOLL_PWAIT, eintr, 0, []tracee.Pending{due}, again},
		{"its mask holds it back", unix.SYS_PPOLL, held, 0, []tracee.Pending{due}, again},
		{"its mask lets it through", unix.SYS_EPOLL_PWAIT, held, 0, []tracee.Pending{due}, held},
		{"a result", unix.SYS_EPOLL_WAIT, 1, 0, nil, 1},
		{"no wait", unix.SYS_CLOSE, eintr, 0, nil, eintr},
	} {
		img := &image.Image{Threads: []image.Thread{{TID: 5, Mask: c.mask, Regs: image.Regs{Rax: c.rax, OrigRax: c.nr, R10: 10, R8: 11}}}}
		img.Actions[10].Handler = 0x1000
		repeatBroken(memory{}, img, c.pending)
		if got := img.Threads[0].Regs.Rax; got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
}
