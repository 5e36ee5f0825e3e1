package uffd

import (
	"bytes"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// device opens what lets faults of the kernel be served.
func device(t *testing.T) int {
	t.Helper()
	fd, err := unix.Open("/dev/userfaultfd", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("no userfaultfd for faults of the kernel:", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func serving(t *testing.T) FD {
	t.Helper()
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(device(t)), NewFromDevice, unix.O_CLOEXEC|unix.O_NONBLOCK)
	if errno != 0 {
		t.Fatal(errno)
	}
	u := FD(fd)
	t.Cleanup(func() { u.Close() })
	if err := u.Ioctl(IoctlAPI, APIRequest(FollowChanges)); err != nil {
		t.Fatal(err)
	}
	return u
}

// next waits for messages.
func next(t *testing.T, u FD) []Message {
	t.Helper()
	b := make([]byte, 16*MessageSize)
	for range 10000 {
		if n, err := unix.Read(int(u), b); err == nil {
			return ParseMessages(b[:n])
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nothing was reported")
	return nil
}

// Faults in system calls: a thread of this program that waited in a fault of its own would
// keep the collector of garbage waiting too.
func TestServe(t *testing.T) {
	b, r := anonymous(t, 16)
	u := serving(t)
	if err := u.Register(r.Start, r.Len(), ModeMissing); err != nil {
		t.Fatal(err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	got := make([]byte, 2*page)
	send := func(from, pages int) {
		go unix.Write(int(out.Fd()), b[from*page:(from+pages)*page])
	}
	send(2, 2)
	if m := next(t, u); len(m) != 1 || m[0].Kind != Fault || m[0].Start != r.Start+2*page {
		t.Fatalf("not the fault at page 2: %+v", m)
	}
	want := bytes.Repeat([]byte{7}, 2*page)
	if n, errno := u.Copy(r.Start+2*page, want, 0); errno != 0 || n != len(want) {
		t.Fatal(n, errno)
	}
	if n, err := in.Read(got); err != nil || !bytes.Equal(got[:n], want[:n]) {
		t.Fatal(n, err)
	}
	if n, errno := u.Copy(r.Start+page, want, 0); errno != 0 && n != page || n == len(want) {
		t.Fatalf("over a page that is there: %d, %v", n, errno)
	}
	if n, errno := u.Zero(r.Start+4*page, page); errno != 0 || n != page || b[4*page] != 0 {
		t.Fatal(n, errno)
	}
}

func TestChangesAreTold(t *testing.T) {
	b, r := anonymous(t, 16)
	u := serving(t)
	if err := u.Register(r.Start, r.Len(), ModeMissing); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- unix.Madvise(b[3*page:5*page], unix.MADV_DONTNEED) }()
	m := next(t, u)
	if len(m) != 1 || m[0] != (Message{Kind: Removed, Start: r.Start + 3*page, End: r.Start + 5*page}) {
		t.Fatalf("not the madvise: %+v", m)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	go func() { // a part of it, to elsewhere
		_, _, errno := unix.Syscall6(unix.SYS_MREMAP, uintptr(r.Start+8*page), 2*page, 2*page, unix.MREMAP_MAYMOVE|unix.MREMAP_DONTUNMAP, 0, 0)
		if errno != 0 {
			done <- errno
			return
		}
		done <- nil
	}()
	m = next(t, u)
	if len(m) != 1 || m[0].Kind != Moved || m[0].Start != r.Start+8*page || m[0].Len != 2*page || m[0].To == 0 {
		t.Fatalf("not the mremap: %+v", m)
	}
	to := m[0].To
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// It is watched there, too.
	if n, errno := u.Copy(to, bytes.Repeat([]byte{9}, 2*page), 0); errno != 0 || n != 2*page {
		t.Fatal(n, errno)
	}
	go func() {
		_, _, errno := unix.Syscall(unix.SYS_MUNMAP, uintptr(to), 2*page, 0)
		if errno != 0 {
			done <- errno
			return
		}
		done <- nil
	}()
	m = next(t, u)
	if len(m) != 1 || m[0] != (Message{Kind: Unmap, Start: to, End: to + 2*page}) {
		t.Fatalf("not the munmap: %+v", m)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n, errno := u.Copy(to, make([]byte, page), 0); n != 0 || errno != unix.ENOENT {
		t.Fatalf("a page for no mapping: %d, %v", n, errno)
	}
	go func() { // the test's own cleanup unmaps, and waits until that is read
		buf := make([]byte, MessageSize)
		for {
			if n, _ := unix.Read(int(u), buf); n > 0 {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
}
