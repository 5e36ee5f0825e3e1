package tracee

import (
	"testing"

	"golang.org/x/sys/unix"
)

// roomAt is what is known of a descriptor of this process; nil: no room is made there.
func roomAt(t *testing.T, fd int) *room {
	t.Helper()
	r := &room{fd: fd, number: fd, bytes: 100_000}
	if !r.known() {
		return nil
	}
	return r
}

func pair(t *testing.T, kind int) int {
	t.Helper()
	s, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = unix.Close(s[0]), unix.Close(s[1]) })
	return s[1]
}

func TestRoomOfAPipe(t *testing.T) {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	size := func() int {
		n, err := unix.FcntlInt(uintptr(p[1]), unix.F_GETPIPE_SZ, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := size()
	r := roomAt(t, p[1])
	if r == nil {
		t.Fatal("a pipe gets no room")
	}
	if was, err := r.widen(); err != nil || was != before || size() < before+r.bytes {
		t.Errorf("%d bytes, before %d, said %d: %v", size(), before, was, err)
	}
	if err := r.narrow(p[1], before); err != nil || size() != before {
		t.Errorf("%d bytes after all, not %d: %v", size(), before, err)
	}
	if err := unix.SetNonblock(p[1], true); err != nil {
		t.Fatal(err)
	}
	if roomAt(t, p[1]) != nil {
		t.Error("who does not wait gets room")
	}
}

func TestRoomAtASocket(t *testing.T) {
	fd := pair(t, unix.SOCK_STREAM)
	r := roomAt(t, fd)
	if r == nil {
		t.Fatal("a stream gets no room")
	}
	option := func(name int) int {
		n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, name)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before, locks := option(unix.SO_SNDBUF), option(unix.SO_BUF_LOCK)
	was, err := r.widen()
	if err == unix.EPERM {
		t.Skip("this needs CAP_NET_ADMIN")
	}
	if err != nil || was != before || option(unix.SO_SNDBUF) < before+r.bytes {
		t.Errorf("%d bytes, before %d, said %d: %v", option(unix.SO_SNDBUF), before, was, err)
	}
	if err := r.narrow(fd, was); err != nil || option(unix.SO_SNDBUF) != before || option(unix.SO_BUF_LOCK) != locks {
		t.Errorf("%d bytes and locks %d after all, not %d and %d: %v", option(unix.SO_SNDBUF), option(unix.SO_BUF_LOCK), before, locks, err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		t.Fatal(err)
	}
	if roomAt(t, fd) != nil {
		t.Error("a write whose time is to be over gets room")
	}
	if roomAt(t, pair(t, unix.SOCK_DGRAM)) != nil {
		t.Error("a message gets room")
	}
}

func TestWrites(t *testing.T) {
	for name, c := range map[string]struct {
		nr        int
		args      [6]uint64
		fd, bytes int
		waits     bool
	}{
		"write":       {unix.SYS_WRITE, [6]uint64{3, 0, 10}, 3, 10, true},
		"a huge one":  {unix.SYS_WRITE, [6]uint64{3, 0, 1 << 40}, 3, mostRoom, true},
		"no waiting":  {unix.SYS_SENDTO, [6]uint64{3, 0, 10, unix.MSG_DONTWAIT}, 3, 10, false},
		"what it had": {unix.SYS_READ, [6]uint64{3, 0, 10}, 0, 0, false},
	} {
		if fd, bytes, waits := writes(c.nr, c.args); fd != c.fd || bytes != c.bytes || waits != c.waits {
			t.Errorf("%s: %d, %d bytes, waits %v", name, fd, bytes, waits)
		}
	}
}
