package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	arenaSize  = 64 << 10
	windowSize = 1 << 20
	firstFd    = 200
	lastFd     = 220
)

// world is what a trial may touch: descriptors at fixed numbers, a directory,
// and an arena of memory with an inaccessible page on either side.
type world struct {
	t      *testing.T
	dir    string
	arena  uintptr
	window uintptr
	// inotify lives as long as the world: closing one waits for a grace period.
	inotify int
	// terminals: the next reset makes a pair of pseudo-terminals, which is slow.
	terminals bool
	own       map[int]bool // descriptors of the test itself
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir()}
	t.Chdir(w.dir) // some paths are relative
	w.arena = reserve(t, arenaSize)
	w.window = reserve(t, windowSize)
	var err error
	if w.inotify, err = unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	// The runtime opens descriptors of its own at the first use of a pipe;
	// afterwards it can be told what is not the world's.
	r, p, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); p.Close() })
	w.own = w.descriptors()
	t.Cleanup(w.clear)
	return w
}

func reserve(t *testing.T, size uintptr) uintptr {
	t.Helper()
	const page = 4096
	p, _, e := unix.RawSyscall6(unix.SYS_MMAP, 0, size+2*page, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uintptr(0), 0)
	if e != 0 {
		t.Fatal(e)
	}
	if _, _, e := unix.RawSyscall(unix.SYS_MPROTECT, p+page, size, unix.PROT_READ|unix.PROT_WRITE); e != 0 {
		t.Fatal(e)
	}
	t.Cleanup(func() { unix.RawSyscall(unix.SYS_MUNMAP, p, size+2*page, 0) })
	return p + page
}

func (w *world) descriptors() map[int]bool {
	open := map[int]bool{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil {
			open[fd] = true
		}
	}
	return open
}

// clear closes what the last trial opened and empties the directory.
func (w *world) clear() {
	unix.CloseRange(firstFd, 1<<20, 0)
	for fd := 3; fd < 64; fd++ {
		if !w.own[fd] {
			unix.Close(fd)
		}
	}
	entries, _ := os.ReadDir(w.dir)
	for _, e := range entries {
		os.RemoveAll(filepath.Join(w.dir, e.Name()))
	}
}

// reset makes the world anew, the same each time.
func (w *world) reset(memory []byte) {
	w.clear()
	must := func(err error) {
		if err != nil {
			w.t.Helper()
			w.t.Fatal(err)
		}
	}
	next := firstFd
	place := func(fd int, err error) {
		must(err)
		must(unix.Dup3(fd, next, unix.O_CLOEXEC))
		unix.Close(fd)
		next++
	}
	pair := func(a, b int, err error) { place(a, err); place(b, err) }

	file := filepath.Join(w.dir, "file")
	must(os.WriteFile(file, []byte("the quick brown fox jumps over the lazy dog\n"), 0o644))
	must(os.Mkdir(filepath.Join(w.dir, "dir"), 0o755))
	must(os.Symlink("file", filepath.Join(w.dir, "link")))
	must(unix.Setxattr(file, "user.colour", []byte("green"), 0))
	place(unix.Open(file, unix.O_RDWR|unix.O_NONBLOCK, 0))
	place(unix.Open(file, unix.O_RDONLY|unix.O_NONBLOCK, 0))
	place(unix.Open(w.dir, unix.O_RDONLY|unix.O_DIRECTORY, 0))
	var p [2]int
	pair2 := func(err error) { pair(p[0], p[1], err) }
	pair2(unix.Pipe2(p[:], unix.O_NONBLOCK))
	unix.Write(next-1, []byte("in the pipe"))
	s, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	pair(s[0], s[1], err)
	unix.Write(next-1, []byte("in the stream"))
	s, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	pair(s[0], s[1], err)
	unix.Write(next-1, []byte("one"))
	unix.Write(next-1, []byte("another"))
	place(unix.Eventfd(3, unix.EFD_NONBLOCK))
	place(unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK))
	place(unix.EpollCreate1(0))
	must(unix.EpollCtl(next-1, unix.EPOLL_CTL_ADD, firstFd+9, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: 42}))
	place(unix.Dup(w.inotify))
	for n := 1; n > 0; {
		n, _ = unix.Read(w.inotify, make([]byte, 4096))
	}
	_, err = unix.InotifyAddWatch(w.inotify, w.dir, unix.IN_CREATE)
	must(err)
	must(os.WriteFile(filepath.Join(w.dir, "other"), nil, 0o600))
	u, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	place(u, err)
	l, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	place(l, err)
	if !w.terminals {
		w.poke(w.arena, memory)
		return
	}
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err == nil {
		must(unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0))
		n, _ := unix.IoctlGetInt(master, unix.TIOCGPTN)
		slave, err := unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		place(master, nil)
		if err == nil {
			place(slave, nil)
		}
	}
	if next > lastFd {
		w.t.Fatal("more descriptors than numbers for them")
	}
	w.poke(w.arena, memory)
}

func (w *world) poke(addr uintptr, b []byte) {
	if (memory{}).Write(uint64(addr), b) != nil {
		w.t.Fatalf("cannot write %d bytes at %#x", len(b), addr)
	}
}

func (w *world) peek(addr uintptr, b []byte) {
	if (memory{}).Read(uint64(addr), b) != nil {
		w.t.Fatalf("cannot read %d bytes at %#x", len(b), addr)
	}
}

// memory is the test's own memory, with faults as errors.
type memory struct{}

func (memory) Read(addr uint64, b []byte) error {
	return whole(b, func(l []unix.Iovec, r []unix.RemoteIovec) (int, error) {
		return unix.ProcessVMReadv(unix.Getpid(), l, r, 0)
	}, addr)
}

func (memory) Write(addr uint64, b []byte) error {
	return whole(b, func(l []unix.Iovec, r []unix.RemoteIovec) (int, error) {
		return unix.ProcessVMWritev(unix.Getpid(), l, r, 0)
	}, addr)
}

func whole(b []byte, move func([]unix.Iovec, []unix.RemoteIovec) (int, error), addr uint64) error {
	if len(b) == 0 {
		return nil
	}
	l := []unix.Iovec{{Base: &b[0]}}
	l[0].SetLen(len(b))
	n, err := move(l, []unix.RemoteIovec{{Base: uintptr(addr), Len: len(b)}})
	if err == nil && n != len(b) {
		err = unix.EFAULT
	}
	return err
}
