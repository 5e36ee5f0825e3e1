package fetching

import (
	"bytes"
	"os"
	"sync"
	"testing"
	"time"

	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// elsewhere has pages whose contents tell where they are.
type elsewhere struct {
	f      *Fetching
	mu     sync.Mutex
	asked  map[uint64]int // page: how often
	failed error
	whole  bool
}

func contents(a uint64) []byte { return bytes.Repeat([]byte{byte(a / image.PageSize)}, image.PageSize) }

func (e *elsewhere) Want(m wire.WantMsg) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range m.Ranges {
		for a := r.Start; a < r.End; a += image.PageSize {
			e.asked[a]++
			frame := append(wire.FetchedHead(a, image.PageSize), contents(a)...)
			go e.f.Came(frame)
		}
	}
	return nil
}

func (e *elsewhere) Failed(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = err
}

func (e *elsewhere) Whole(*Fetching) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.whole = true
}

// memory is some of this process, of which all pages are missing. Faults are met in
// system calls only: a thread of this program that waited in a fault of its own would keep
// the collector of garbage waiting too.
func memory(t *testing.T, pages int) (*elsewhere, []byte, image.Range) {
	t.Helper()
	device, err := os.Open("/dev/userfaultfd")
	if err != nil {
		t.Skip("no userfaultfd for faults of the kernel:", err)
	}
	defer device.Close()
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, device.Fd(), uffd.NewFromDevice, unix.O_CLOEXEC|unix.O_NONBLOCK)
	if errno != 0 {
		t.Fatal(errno)
	}
	u := uffd.FD(fd)
	if err := u.Ioctl(uffd.IoctlAPI, uffd.APIRequest(uffd.FollowChanges)); err != nil {
		t.Fatal(err)
	}
	b, r := anonymous(t, pages)
	e := &elsewhere{asked: map[uint64]int{}}
	e.mu.Lock() // until it knows f
	defer e.mu.Unlock()
	if e.f, err = New(e, u, []image.Range{r}, []image.VMA{{Range: r, Kind: image.Anonymous}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.f.End)
	return e, b, r
}

const patience = 30 * time.Second

func (e *elsewhere) await(t *testing.T) {
	t.Helper()
	select {
	case <-e.f.Done():
	case <-time.After(patience):
		t.Fatalf("%d bytes are missing still", e.f.Missing())
	}
}

func TestAllComesOnce(t *testing.T) {
	const pages = 700
	e, b, r := memory(t, pages)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	at := b[300*image.PageSize : 301*image.PageSize]
	if _, err := out.Write(at); err != nil { // the kernel waits for it
		t.Fatal(err)
	}
	got := make([]byte, image.PageSize)
	if _, err := in.Read(got); err != nil || !bytes.Equal(got, contents(r.Start+300*image.PageSize)) {
		t.Fatalf("the page that was waited for has %d: %v", got[0], err)
	}
	e.f.Begin()
	e.await(t)
	for i := range pages {
		a := r.Start + uint64(i)*image.PageSize
		if !bytes.Equal(b[i*image.PageSize:(i+1)*image.PageSize], contents(a)) {
			t.Errorf("page %d is wrong", i)
		}
		if e.asked[a] != 1 {
			t.Errorf("page %d was asked for %d times", i, e.asked[a])
		}
	}
	if !e.whole || e.failed != nil || e.f.Missing() != 0 {
		t.Errorf("whole: %v, %v, %d missing", e.whole, e.failed, e.f.Missing())
	}
}

// What is not understood ends the process, and nothing waits any more.
func TestNonsenseFails(t *testing.T) {
	e, _, _ := memory(t, 4)
	e.f.Came([]byte{1, 2, 3})
	e.await(t)
	if e.failed == nil || e.whole {
		t.Errorf("failed: %v, whole: %v", e.failed, e.whole)
	}
}

// A page that has no mapping to be put in waits until it is said that it was dropped, but not for ever.
func TestPagesWithoutAMapping(t *testing.T) {
	for _, told := range []bool{true, false} {
		e, _, r := memory(t, 4)
		_, nowhere := anonymous(t, 1)
		f := e.f
		f.mu.Lock()
		f.own.set.Move(r.Start+3*image.PageSize, nowhere.Start, image.PageSize)
		f.mu.Unlock()
		begun := time.Now()
		f.Begin()
		if told {
			time.Sleep(100 * time.Millisecond)
			f.mu.Lock()
			f.own.set.Remove(nowhere)
			f.mu.Unlock()
		}
		e.await(t)
		if took := time.Since(begun); e.whole != told || (e.failed != nil) == told || told && took >= mappingLimit || !told && took < mappingLimit {
			t.Errorf("told %v: whole %v, failed: %v, after %v", told, e.whole, e.failed, took)
		}
	}
}
