package joint

import (
	"encoding/binary"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"unsafe"

	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

const (
	counts   = 2_000_000
	lockings = 200
	forkings = 120
)

// TestChild is a process of the other tests.
func TestChild(t *testing.T) {
	work := os.Getenv(childEnv)
	if work == "" {
		t.Skip("it is a part of the others")
	}
	b, err := unix.Mmap(4, 0, testPages*image.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	var msg [8]byte
	var rights []byte
	if device, err := os.Open("/dev/userfaultfd"); err == nil {
		fd, _, errno := unix.Syscall(unix.SYS_IOCTL, device.Fd(), uffd.NewFromDevice, unix.O_CLOEXEC|unix.O_NONBLOCK)
		if errno != 0 {
			t.Fatal(errno)
		}
		binary.LittleEndian.PutUint64(msg[:], uint64(uintptr(unsafe.Pointer(&b[0]))))
		rights = unix.UnixRights(int(fd))
		defer unix.Close(int(fd))
	}
	if err := unix.Sendmsg(3, msg[:], rights, nil, 0); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(os.Stdin)
	counter := (*uint64)(unsafe.Pointer(&b[0]))
	lock := (*uint32)(unsafe.Pointer(&b[image.PageSize]))
	one, other := (*uint64)(unsafe.Pointer(&b[image.PageSize+8])), (*uint64)(unsafe.Pointer(&b[image.PageSize+16]))
	if work == "fork" {
		for range forkings {
			forkAndCount(t, counter)
		}
		return
	}
	for i := range counts {
		atomic.AddUint64(counter, 1)
		if i%(counts/lockings) == 0 {
			for !atomic.CompareAndSwapUint32(lock, 0, 1) {
				runtime.Gosched()
			}
			*one++
			*other++
			if *one != *other {
				t.Error("two have the lock")
			}
			atomic.StoreUint32(lock, 0)
		}
	}
}

// forkAndCount has a child of this thread alone count once: it makes no call of Go's runtime.
//
//go:norace
func forkAndCount(t *testing.T, counter *uint64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	if pid == 0 {
		atomic.AddUint64(counter, 1)
		for {
			_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(int(pid), &ws, 0, nil); err != nil || !ws.Exited() {
		t.Error("the child: ", err, ws)
	}
}
