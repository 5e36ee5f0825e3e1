package reach

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/abi"
	"openmosix/internal/model/image"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

const proc = procfs.FS("/proc")

// home has pages that come home when the test says so.
type home struct {
	mu      sync.Mutex
	pinned  map[joint.Key]int // how often, less how often not any more
	brought []joint.Key
	known   bool
	come    chan struct{} // closed: all pages are here
}

func newHome() *home {
	h := &home{pinned: map[joint.Key]int{}, come: make(chan struct{})}
	close(h.come)
	return h
}

func (h *home) Pin(k joint.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pinned[k] = 1
}

func (h *home) Unpin(k joint.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pinned, k)
}

func (h *home) Await(joint.Key) { <-h.come }

func (h *home) Bring(k joint.Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.brought = append(h.brought, k)
}

func (h *home) Known(joint.Key) bool { return h.known }

func (h *home) isPinned(k joint.Key) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pinned[k] > 0
}

func (h *home) times() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.brought)
}

// guarded is a file that is guarded, and its descriptor here.
func guarded(t *testing.T, h *home) (*Guards, sole.Object, *os.File) {
	t.Helper()
	g := New(h, proc, slog.Default)
	name := filepath.Join(t.TempDir(), "memory")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	o := sole.Object{Dev: 1, Ino: 2, Name: name}
	err = g.Guard(KeyOf(&o), func() (*os.File, error) { return os.OpenFile(name, os.O_RDWR, 0) })
	if err != nil {
		t.Skip(err) // a privilege that is not had
	}
	t.Cleanup(func() { g.Only(nil) })
	return g, o, f
}

func own() Caller { return Caller{proc, os.Getpid(), os.Getpid()} }

// By its name somebody else gets it only when all of it is at home; there it stays, until it is known
// who has it.
func TestWhoOpensItWaits(t *testing.T) {
	h := newHome()
	g, o, f := guarded(t, h)
	h.come = make(chan struct{})
	opened := g.Openings([]sole.Object{o})
	opens := exec.Command("cat", f.Name())
	if err := opens.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- opens.Wait() }()
	select {
	case <-ended:
		t.Fatal("it does not wait")
	case <-time.After(100 * time.Millisecond):
	}
	if k := KeyOf(&o); !g.Pinned(k) || !h.isPinned(k) {
		t.Error("its pages do not come home")
	}
	close(h.come)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if g.Unpin([]sole.Object{o}, opened); !g.Pinned(KeyOf(&o)) {
		t.Error("it was opened after it was looked who has it")
	}
	await(t, "it stays at home for ever", func() bool {
		g.Unpin([]sole.Object{o}, g.Openings([]sole.Object{o}))
		return !g.Pinned(KeyOf(&o)) && !h.isPinned(KeyOf(&o))
	})
	if h.times() != 1 {
		t.Errorf("those who share it were brought home %d times", h.times())
	}
}

// A call by its descriptor finds all of it at home, and another one that begins meanwhile as well.
func TestCalls(t *testing.T) {
	h := newHome()
	g, o, f := guarded(t, h)
	k, fd := KeyOf(&o), uint64(f.Fd())
	c := own()
	if g.By(c, unix.SYS_READ, [6]uint64{0}, nil).Any() || g.By(c, unix.SYS_CLOSE, [6]uint64{fd}, nil).Any() || g.By(c, unix.SYS_READ, [6]uint64{^uint64(0)}, nil).Any() {
		t.Error("these calls have nothing to do with it")
	}
	reads := g.By(c, unix.SYS_READ, [6]uint64{fd}, nil)
	if !slices.Equal(reads.keys, []joint.Key{k}) || reads.beyond {
		t.Fatalf("read: %+v", reads)
	}
	for what, r := range map[string]Reached{
		"ftruncate":       g.By(c, unix.SYS_FTRUNCATE, [6]uint64{fd}, nil),
		"io_uring_enter":  g.By(c, unix.SYS_IO_URING_ENTER, [6]uint64{0}, nil),
		"sendmsg with it": g.By(c, unix.SYS_SENDMSG, [6]uint64{0}, []int{int(fd)}),
		"an unknown one":  g.Everything(),
	} {
		if !slices.Equal(r.keys, []joint.Key{k}) || !r.beyond {
			t.Errorf("%s: %+v", what, r)
		}
	}
	first, second := g.BringFor(reads), g.BringFor(reads)
	g.released(nil, false)
	first()
	time.Sleep(20 * time.Millisecond)
	if !h.isPinned(k) {
		t.Error("pages leave while a call is being made")
	}
	second()
	await(t, "pages stay at home", func() bool { return !h.isPinned(k) })
	if g.Pinned(k) || h.times() != 0 {
		t.Error("for a read the processes come home")
	}
	late := g.BringFor(reads)
	await(t, "it lasts, and nobody comes home", func() bool { return h.times() == 1 })
	late()
	await(t, "a call that is over is still being made", func() bool { return g.held(k) == 0 })
	if !g.Pinned(k) || !h.isPinned(k) {
		t.Error("pages leave before it is known who has them")
	}
}

// Who is just opening it is not seen by who looks meanwhile, and it does not leave on what he has found.
func TestLookWhileItIsOpened(t *testing.T) {
	h := newHome()
	g, o, f := guarded(t, h)
	all, k := []sole.Object{o}, KeyOf(&o)
	h.come = make(chan struct{})
	opened := make(chan error, 1)
	go func() { // by another process
		c := exec.Command("sh", "-c", "exec 9<"+f.Name()+"; sleep 0.2")
		opened <- c.Run()
	}()
	await(t, "nobody opens it", func() bool { return g.Pinned(k) })
	looked := g.Openings(all)
	if g.Unpin(all, looked); !g.Pinned(k) || !h.isPinned(k) {
		t.Error("pages leave while somebody is just opening it")
	}
	close(h.come)
	await(t, "it is not told that somebody has opened it", func() bool { return g.Openings(all)[k] != looked[k] })
	if g.Unpin(all, looked); !g.Pinned(k) {
		t.Error("pages leave by what was seen before he had it")
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
	await(t, "it stays at home for ever", func() bool {
		g.Unpin(all, g.Openings(all))
		return !g.Pinned(k)
	})
}

// What is guarded anew has been opened since it was guarded before.
func TestGuardedAnew(t *testing.T) {
	g, o, f := guarded(t, newHome())
	all, k := []sole.Object{o}, KeyOf(&o)
	before := g.Openings(all)[k]
	g.Only(nil)
	if err := g.Guard(k, func() (*os.File, error) { return os.OpenFile(f.Name(), os.O_RDWR, 0) }); err != nil {
		t.Fatal(err)
	}
	if now := g.Openings(all)[k]; now == before {
		t.Errorf("opening %d, as before", now)
	}
}

// What a call gives to others they may have only when it is over.
func TestBeyond(t *testing.T) {
	h := newHome()
	g, o, f := guarded(t, h)
	all, k := []sole.Object{o}, KeyOf(&o)
	made := g.BringFor(g.By(own(), unix.SYS_SENDMSG, [6]uint64{0}, []int{int(f.Fd())}))
	g.Unpin(all, g.Openings(all)) // by who has looked meanwhile
	if !h.isPinned(k) {
		t.Error("pages leave while a call is being made")
	}
	opened := g.Openings(all)
	made()
	await(t, "it is not told of a call that has been made", func() bool { return g.Openings(all)[k] != opened[k] })
	if !g.Pinned(k) {
		t.Error("pages leave before it is known who has them")
	}
}

func TestOnly(t *testing.T) {
	h := newHome()
	g, o, f := guarded(t, h)
	k := KeyOf(&o)
	g.BringFor(g.Everything())()
	await(t, "they are brought for ever", func() bool { return h.times() == 1 && !g.brings(k) && g.held(k) == 0 })
	if g.Only([]sole.Object{o}); !g.Shows(own(), int(f.Fd())) {
		t.Error("what is shared is not guarded any more")
	}
	h.known = true
	if g.Only(nil); !g.Shows(own(), int(f.Fd())) {
		t.Error("what is served is not guarded any more")
	}
	if !g.Has(proc, os.Getpid()) || !g.Pinned(k) {
		t.Error("it is not known")
	}
	h.known = false
	if g.Only(nil); g.Shows(own(), int(f.Fd())) || g.Has(proc, os.Getpid()) || g.Everything().Any() || g.Pinned(k) || h.isPinned(k) {
		t.Error("what nobody shares is still guarded")
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatal(what)
}

func (g *Guards) held(k joint.Key) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all[k].holds
}

func (g *Guards) brings(k joint.Key) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all[k].bringing
}

// A message's descriptors are read from where its sender has it.
func TestRightsAt(t *testing.T) {
	le := binary.LittleEndian
	memory := make([]byte, 512)
	read := func(at uint64, b []byte) error {
		if at+uint64(len(b)) > uint64(len(memory)) {
			return unix.EFAULT
		}
		copy(b, memory[at:])
		return nil
	}
	rights := unix.UnixRights(7, 8)
	copy(memory[300:], rights)
	for _, at := range []uint64{0, abi.SizeMmsghdr} {
		le.PutUint64(memory[at+abi.MsgControl:], 300)
		le.PutUint64(memory[at+abi.MsgControllen:], uint64(len(rights)))
	}
	if got := RightsAt(read, unix.SYS_SENDMSG, [6]uint64{0, 0}); !slices.Equal(got, []int{7, 8}) {
		t.Error(got)
	}
	if got := RightsAt(read, unix.SYS_SENDMMSG, [6]uint64{0, 0, 3}); !slices.Equal(got, []int{7, 8, 7, 8}) {
		t.Error(got)
	}
	if got := RightsAt(read, unix.SYS_SENDMSG, [6]uint64{0, 1000}); got != nil {
		t.Error(got)
	}
	if got := RightsAt(read, unix.SYS_WRITE, [6]uint64{0, 0}); got != nil {
		t.Error(got)
	}
}

func TestParts(t *testing.T) {
	const p = image.PageSize
	r := func(a, b uint64) image.Range { return image.Range{Start: a * p, End: b * p} }
	files := []image.FileID{{Dev: 1, Ino: 1}, {Dev: 1, Ino: 2}, {Dev: 1, Ino: 3}}
	vmas := []image.VMA{
		{Range: r(10, 12), Kind: image.Sole, File: 0, Off: p},
		{Range: r(20, 22), Kind: image.Anonymous},
		{Range: r(30, 32), Kind: image.Sole, File: 1},
		{Range: r(40, 42), Kind: image.Sole, File: 2},
		{Range: r(50, 52), Kind: image.Sole, File: 0},
	}
	objects := []sole.Object{{Dev: 1, Ino: 1, Name: "one"}, {Dev: 1, Ino: 2}}
	parts, there := Parts(vmas, files, objects, func(k joint.Key, _ image.Range) bool { return k.Ino == 2 })
	want := []joint.Part{{Range: r(10, 12), Key: joint.Key{Dev: 1, Ino: 1}, Off: p}, {Range: r(50, 52), Key: joint.Key{Dev: 1, Ino: 1}}}
	if !slices.Equal(parts, want) {
		t.Error(parts)
	}
	if fmt.Sprint(there) != fmt.Sprint([]sole.Object{{Range: r(10, 12), Dev: 1, Ino: 1, Name: "one"}, {Range: r(50, 52), Dev: 1, Ino: 1, Name: "one"}}) {
		t.Error(there)
	}
}

// What is mapped where an object was is not the object.
func TestMappedIsTheObject(t *testing.T) {
	fd, err := unix.MemfdCreate("mapped", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	memory := os.NewFile(uintptr(fd), "mapped")
	defer func() { _ = memory.Close() }()
	if err := memory.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	b, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(b) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	regions, err := proc.Smaps(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(regions, func(r procfs.Region) bool { return r.Dev == st.Dev && r.Ino == st.Ino })
	o := sole.Object{Range: regions[at].Range, Dev: st.Dev, Ino: st.Ino, Name: "/memfd:mapped"}
	file, err := Mapped(proc, os.Getpid(), &o)()
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	o.Ino++
	if _, err := Mapped(proc, os.Getpid(), &o)(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("another one: %v", err)
	}
}
