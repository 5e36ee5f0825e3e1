package notify

import (
	"encoding/hex"
	"errors"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The main goroutine keeps the process's first thread to itself: Go never ends
// that one, so a filter must not be put on it.
func init() { runtime.LockOSThread() }

// result is what a call under the filter returned.
type result struct {
	value uintptr
	errno unix.Errno
}

// caller is an OS thread of its own under a filter that hands out getppid.
type caller struct {
	listener int
	tid      int
	calls    chan uintptr // first argument of the next call; closed: the thread ends
	results  chan result
}

func startCaller(t *testing.T, flags uintptr) *caller {
	t.Helper()
	c := &caller{calls: make(chan uintptr), results: make(chan result, 1)}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, and the filter with it
		fd, err := install(flags)
		c.listener, c.tid = fd, unix.Gettid()
		ready <- err
		for arg := range c.calls {
			v, _, errno := unix.Syscall(unix.SYS_GETPPID, arg, 0, 0)
			c.results <- result{v, errno}
		}
	}()
	if err := <-ready; err != nil {
		t.Skip("no listener:", err)
	}
	t.Cleanup(func() { unix.Close(c.listener) })
	return c
}

func install(flags uintptr) (int, error) {
	program := []Instr{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: DataNr},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_GETPPID},
		{Code: unix.BPF_RET | unix.BPF_K, K: RetUserNotif},
		{Code: unix.BPF_RET | unix.BPF_K, K: RetAllow},
	}
	// Mapped, because the address goes into the bytes and must not move.
	room, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return -1, err
	}
	defer unix.Munmap(room)
	b, err := FilterBytes(program, uint64(uintptr(unsafe.Pointer(&room[0]))))
	if err != nil {
		return -1, err
	}
	copy(room, b)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, err
	}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, SetModeFilter, FlagNewListener|flags, uintptr(unsafe.Pointer(&room[0])))
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

func TestAnswers(t *testing.T) {
	c := startCaller(t, FlagWaitKillableRecv)
	if err := SetSyncWakeUp(c.listener); err != nil {
		t.Error(err)
	}
	parent := uintptr(unix.Getppid())
	var n Notification
	for name, k := range map[string]struct {
		answer func() error
		want   result
	}{
		"value":    {func() error { return Send(c.listener, n.ID, 1234, 0) }, result{1234, 0}},
		"error":    {func() error { return Send(c.listener, n.ID, 99, unix.EBADF) }, result{^uintptr(0), unix.EBADF}},
		"continue": {func() error { return Continue(c.listener, n.ID) }, result{parent, 0}},
	} {
		c.calls <- 77
		if err := Recv(c.listener, &n); err != nil {
			t.Fatal(name, err)
		}
		if n.Nr != unix.SYS_GETPPID || n.Arch != ArchX8664 || n.Args[0] != 77 || int(n.Pid) != c.tid || !IDValid(c.listener, n.ID) {
			t.Errorf("%s: %+v", name, n)
		}
		if err := k.answer(); err != nil {
			t.Error(name, err)
		}
		if got := <-c.results; got != k.want {
			t.Error(name, got, k.want)
		}
		if err := Send(c.listener, n.ID, 0, 0); !errors.Is(err, ErrCancelled) || IDValid(c.listener, n.ID) {
			t.Error(name, "answered twice:", err)
		}
	}
	close(c.calls)
	if err := Recv(c.listener, &n); !errors.Is(err, ErrClosed) {
		t.Error("after the end:", err)
	}
}

// A signal cancels a call whose wait is not killable-only; SA_RESTART (the Go
// runtime's handlers have it) makes it come again under another id.
func TestCancelled(t *testing.T) {
	c := startCaller(t, 0)
	defer close(c.calls)
	c.calls <- 1
	var first, again Notification
	if err := Recv(c.listener, &first); err != nil {
		t.Fatal(err)
	}
	if err := unix.Tgkill(unix.Getpid(), c.tid, unix.SIGURG); err != nil {
		t.Fatal(err)
	}
	if err := Recv(c.listener, &again); err != nil {
		t.Fatal(err)
	}
	if err := Send(c.listener, first.ID, 1, 0); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
	if err := Send(c.listener, again.ID, 2, 0); err != nil {
		t.Error(err)
	}
	if got := <-c.results; got.value != 2 {
		t.Error(got)
	}
}

func TestFilterBytes(t *testing.T) {
	b, err := FilterBytes([]Instr{{Code: 0x15, Jt: 1, Jf: 2, K: 0x01020304}}, 0x1000)
	if got := hex.EncodeToString(b); err != nil || got != "01000000000000001010000000000000"+"1500010204030201" {
		t.Error(got, err)
	}
	for _, n := range []int{0, maxInstructions + 1} {
		if _, err := FilterBytes(make([]Instr, n), 0); err == nil {
			t.Error(n, "instructions accepted")
		}
	}
}

func BenchmarkCall(b *testing.B) {
	c := &caller{calls: make(chan uintptr), results: make(chan result, 1)}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread()
		fd, err := install(FlagWaitKillableRecv)
		c.listener = fd
		ready <- err
		for range c.calls {
			for range b.N {
				unix.Syscall(unix.SYS_GETPPID, 0, 0, 0)
			}
			c.results <- result{}
		}
	}()
	if err := <-ready; err != nil {
		b.Skip(err)
	}
	defer unix.Close(c.listener)
	defer close(c.calls)
	if err := SetSyncWakeUp(c.listener); err != nil {
		b.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	c.calls <- 0
	var n Notification
	for range b.N {
		if err := Recv(c.listener, &n); err != nil {
			b.Fatal(err)
		}
		if err := Send(c.listener, n.ID, 5, 0); err != nil {
			b.Fatal(err)
		}
	}
	<-c.results
}
