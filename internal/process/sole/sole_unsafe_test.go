package sole

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

const fs = procfs.FS("/proc")

// mapped maps memory of a file, or none, and tells what that shows.
func mapped(t *testing.T, fd int) (o Object, unmap func()) {
	t.Helper()
	flags := unix.MAP_SHARED
	if fd < 0 {
		flags |= unix.MAP_ANONYMOUS
	}
	b, err := unix.Mmap(fd, 0, 4*image.PageSize, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		t.Fatal(err)
	}
	regions, err := fs.Smaps(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	objects, at := Of(regions)
	n, ok := at[uint64(uintptr(unsafe.Pointer(&b[0])))]
	if !ok {
		t.Fatal("the mapping is not among those that are shared")
	}
	return objects[n], func() {
		if err := unix.Munmap(b); err != nil {
			t.Error(err)
		}
	}
}

// alone runs the test among processes of its own, where it may look at all of them; false: it has.
func alone(t *testing.T) bool {
	t.Helper()
	const inside = "SOLE_TEST_INSIDE"
	if os.Getenv(inside) != "" {
		return true
	}
	c := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", os.Args[0], "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), inside+"=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

func why(t *testing.T, o Object) string {
	t.Helper()
	all, err := Why(fs, os.Getpid(), []Object{o})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestWhy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	if !alone(t) {
		return
	}
	anonymous, unmap := mapped(t, -1)
	if got := why(t, anonymous); got != "" {
		t.Errorf("anonymous memory: %q", got)
	}
	if in, err := InMemory(&anonymous); !in || err != nil {
		t.Error(in, err)
	}
	unmap()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(make([]byte, 4*image.PageSize)); err != nil {
		t.Fatal(err)
	}
	o, unmap := mapped(t, int(file.Fd()))
	if got := why(t, o); got != "" {
		t.Errorf("open: %q", got)
	}
	again, err := os.Open(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if got := why(t, o); !strings.Contains(got, "opened twice") {
		t.Errorf("open twice: %q", got)
	}
	again.Close()
	file.Close()
	if got := why(t, o); got != "" {
		t.Errorf("closed: %q", got)
	}
	if in, err := InMemory(&o); in || err != nil {
		t.Error(in, err)
	}
	unmap()
	fd, err := unix.MemfdCreate("x", unix.MFD_CLOEXEC)
	if err != nil || unix.Ftruncate(fd, 4*image.PageSize) != nil {
		t.Fatal(err)
	}
	o, unmap = mapped(t, fd)
	if got := why(t, o); got != "" {
		t.Errorf("an open memfd: %q", got)
	}
	other := exec.Command("sleep", "100")
	other.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "memory")}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if got, want := held(t, o), fmt.Sprintf("process %d has it open", other.Process.Pid); got != want {
		t.Errorf("open elsewhere: %q", got)
	}
	_ = other.Process.Kill()
	_ = other.Wait()
	if got := held(t, o); got != "" {
		t.Errorf("not open elsewhere any more: %q", got)
	}
	unix.Close(fd)
	if got := why(t, o); got != "" {
		t.Errorf("a closed memfd: %q", got)
	}
	unmap()
}

func held(t *testing.T, o Object) string {
	t.Helper()
	all, _, err := Holders(fs, os.Getpid(), []Object{o})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// What is sent of one file and stored in another makes them alike, and holes stay where there are any.
// A process may end while it is looked with whom it shares: that is an error, and no more.
// A process that runs has mapped other memory where an object was by the time that it is looked at.
func TestAnotherInItsPlace(t *testing.T) {
	var memory [2]int
	for i := range memory {
		fd, err := unix.MemfdCreate("other", unix.MFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Close(fd) }()
		if err := unix.Ftruncate(fd, 4*image.PageSize); err != nil {
			t.Fatal(err)
		}
		memory[i] = fd
	}
	o, unmap := mapped(t, memory[0])
	defer unmap()
	if size, reachable, is, err := Joinable(fs, os.Getpid(), &o); size != 4*image.PageSize || !reachable || !is || err != nil {
		t.Fatal(size, reachable, is, err)
	}
	at := unsafe.Add(unsafe.Pointer(nil), uintptr(o.Start))
	if _, err := unix.MmapPtr(memory[1], 0, at, uintptr(o.Len()), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_FIXED); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := Joinable(fs, os.Getpid(), &o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("with another one in its place: %v", err)
	}
	if _, _, err := Holders(fs, os.Getpid(), []Object{o}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("who has it: %v", err)
	}
}

func TestSharersOfAProcessThatEnds(t *testing.T) {
	fd, err := unix.MemfdCreate("x", unix.MFD_CLOEXEC)
	if err != nil || unix.Ftruncate(fd, 4*image.PageSize) != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	o, unmap := mapped(t, fd)
	defer unmap()
	const pid = 4711
	ends := procfs.FS(t.TempDir()) // of which a mapping was seen, and then nothing any more
	if err := os.MkdirAll(filepath.Dir(ends.MapFile(pid, o.Range)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ends.MapFile(pid, o.Range), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if others, _, err := Sharers(ends, pid, 0, []Object{o}); err == nil {
		t.Errorf("it shares with %v", others)
	}
}

func TestContents(t *testing.T) {
	dir := t.TempDir()
	const size = 40*image.PageSize + 123
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		return f
	}
	from, to := open("from"), open("to")
	defer from.Close()
	defer to.Close()
	r := rand.New(rand.NewPCG(1, 2))
	put := func(f *os.File, page int) {
		b := bytes.Repeat([]byte{byte(r.Uint32())}, image.PageSize)
		if _, err := f.WriteAt(b[:min(image.PageSize, size-page*image.PageSize)], int64(page*image.PageSize)); err != nil {
			t.Fatal(err)
		}
	}
	for _, page := range []int{0, 3, 4, 17, 40} {
		put(from, page)
	}
	for _, page := range []int{3, 5, 30} {
		put(to, page)
	}
	id := &image.FileID{Dev: 1, Ino: 2, Size: size}
	err := Send(from, id, true, func(parts ...[]byte) error {
		m, err := wire.DecodeSole(bytes.Join(parts, nil))
		if err != nil {
			return err
		}
		return Store(to, size, m)
	})
	if err != nil {
		t.Fatal(err)
	}
	a, errA := os.ReadFile(from.Name())
	b, errB := os.ReadFile(to.Name())
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Error("they differ", errA, errB)
	}
	for _, m := range []wire.SoleMsg{{Off: size, Len: 1}, {Off: 0, Len: size + 1}, {Off: 1 << 63, Len: 1 << 63}} {
		if Store(to, size, &m) == nil {
			t.Errorf("%+v was stored", m)
		}
	}
}
