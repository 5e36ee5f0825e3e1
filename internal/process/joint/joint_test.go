package joint

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/coherence"
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// manager is home's part as a family has it, with the nodes in one process.
type manager struct {
	t     *testing.T
	mu    sync.Mutex
	dir   *coherence.Directory
	nodes map[coherence.Party]*Node
	last  map[uint64][]byte
	moved int
}

type party struct {
	m   *manager
	who coherence.Party
}

func (p party) Want(_ Key, page, count uint64, write bool, _ int) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.m.dir.Tick()
	for i := range count {
		p.m.do(p.m.dir.Wants(page+i, p.who, write, i > 0))
	}
}

func (p party) Say(_ Key, page, count uint64, word coherence.Word, grant uint64, contents []byte) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.m.dir.Tick()
	for i := range count {
		p.m.moved++
		acts, news := p.m.dir.Came(page+i, p.who, word, grant)
		if news && len(contents) > 0 {
			p.m.last[page+i] = contents[i*image.PageSize : (i+1)*image.PageSize]
		}
		p.m.do(acts)
	}
}

func (m *manager) do(acts []coherence.Action) {
	for _, a := range acts {
		var err error
		n := m.nodes[a.To]
		switch a.Verb {
		case coherence.Take, coherence.Drop, coherence.Share:
			err = n.Yield(testKey, a.Page, 1, a.Verb == coherence.Share)
		case coherence.Own:
			err = n.Own(testKey, a.Page, 1, a.Grant)
		case coherence.Put, coherence.Lend:
			contents := m.last[a.Page]
			if a.Verb == coherence.Lend && a.To != coherence.Home {
				if contents, err = m.nodes[coherence.Home].Read(testKey, a.Page, 1); err != nil {
					break
				}
			}
			err = n.Put(testKey, a.Page, 1, a.Grant, a.Verb == coherence.Put, contents)
		}
		if err != nil {
			m.t.Errorf("%+v: %v", a, err)
		}
	}
}

var testKey = Key{1, 2}

const (
	testPages = 3
	childEnv  = "OPENMOSIX_JOINT_CHILD"
)

// cluster is a home and other nodes, each with an object of its own.
func cluster(t *testing.T, others int) (*manager, []*os.File) {
	t.Helper()
	m := &manager{t: t, dir: coherence.New(), nodes: map[coherence.Party]*Node{}, last: map[uint64][]byte{}}
	var files []*os.File
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range others + 1 {
		fd, err := unix.MemfdCreate("joint-test", unix.MFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), "memory")
		if err := f.Truncate(testPages * image.PageSize); err != nil {
			t.Fatal(err)
		}
		n := New(party{m, coherence.Party(i)}, i == 0)
		if _, err := n.Use(testKey, testPages*image.PageSize, func() (*os.File, error) { return f, nil }); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Forget)
		m.nodes[coherence.Party(i)] = n
		files = append(files, f)
	}
	return m, files
}

// child is a process with the memory of a node.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	s   *Space
}

// join starts a process that works with a node's memory when it is told to.
func join(t *testing.T, n *Node, f *os.File, work string) *child {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "socket")
	defer theirs.Close()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+work, "GOGC=off")
	cmd.ExtraFiles = []*os.File{theirs, f}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	msg, control := make([]byte, 8), make([]byte, 64)
	_, cn, _, _, err := unix.Recvmsg(pair[0], msg, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	at := binary.LittleEndian.Uint64(msg)
	if at == 0 {
		t.Skip("no userfaultfd for faults of the kernel")
	}
	all, err := unix.ParseSocketControlMessage(control[:cn])
	if err != nil {
		t.Fatal(err)
	}
	fds, err := unix.ParseUnixRights(&all[0])
	if err != nil {
		t.Fatal(err)
	}
	u := uffd.FD(fds[0])
	if err := u.Ioctl(uffd.IoctlAPI, uffd.APIRequest(Features)); err != nil {
		t.Fatal(err)
	}
	s, err := n.Watch(u, 1, []Part{{image.Range{Start: at, End: at + testPages*image.PageSize}, testKey, 0}})
	if err != nil {
		t.Fatal(err)
	}
	return &child{cmd, in, s}
}

func (c *child) run() { _ = c.in.Close() }

func (c *child) wait(t *testing.T) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("a process does not come to an end")
	}
}

// Processes of three nodes, two of each, count in one memory: nothing is lost, and a lock keeps
// two words equal.
func TestCount(t *testing.T) {
	m, files := cluster(t, 2)
	var all []*child
	for i := range 6 {
		all = append(all, join(t, m.nodes[coherence.Party(i%3)], files[i%3], "count"))
	}
	for _, c := range all {
		c.run()
	}
	for _, c := range all {
		c.wait(t)
	}
	for i, c := range all {
		m.nodes[coherence.Party(i%3)].Leave(c.s)
	}
	m.nodes[1].Unuse(testKey)
	m.nodes[2].Unuse(testKey)
	m.settle()
	m.mu.Lock()
	defer m.mu.Unlock()
	counted, locked, other := word64(t, files[0], 0), word64(t, files[0], image.PageSize+8), word64(t, files[0], image.PageSize+16)
	if counted != 6*counts || locked != 6*lockings || other != locked || m.dir.Away() != 0 {
		t.Errorf("counted %d, not %d; under the lock %d and %d, not %d; %d pages are away", counted, 6*counts, locked, other, 6*lockings, m.dir.Away())
	}
	t.Logf("%d pages moved", m.moved)
}

// Who has been told that a family is served no more may serve it himself at once.
func TestForgetHasLetGo(t *testing.T) {
	m, files := cluster(t, 0)
	var all []*child
	for range 20 {
		all = append(all, join(t, m.nodes[0], files[0], "count"))
	}
	m.nodes[0].Forget()
	for _, c := range all {
		if _, err := unix.FcntlInt(uintptr(c.s.fd), unix.F_GETFD, 0); err != unix.EBADF {
			t.Errorf("a userfaultfd is there still: %v", err)
		}
	}
}

// A process that forks while its memory comes and goes: the child has it, too.
func TestFork(t *testing.T) {
	m, files := cluster(t, 1)
	forks := join(t, m.nodes[1], files[1], "fork")
	other := join(t, m.nodes[0], files[0], "count")
	forks.run()
	other.run()
	forks.wait(t)
	other.wait(t)
	m.nodes[1].Leave(forks.s)
	m.nodes[1].mu.Lock()
	if n := len(m.nodes[1].spaces); n > leastSwept+2 {
		t.Errorf("of %d children that have ended %d are still served", forkings, n)
	}
	m.nodes[1].sweep()
	m.nodes[1].mu.Unlock()
	m.nodes[1].Unuse(testKey)
	m.settle()
	m.mu.Lock()
	defer m.mu.Unlock()
	if got := word64(t, files[0], 0); got != counts+forkings || m.dir.Away() != 0 {
		t.Errorf("counted %d, not %d; %d pages are away", got, counts+forkings, m.dir.Away())
	}
}

// wants tells of pages that are wanted to be written.
type wants chan uint64

func (w wants) Want(_ Key, page, _ uint64, write bool, _ int) {
	if write {
		w <- page
	}
}

func (wants) Say(Key, uint64, uint64, coherence.Word, uint64, []byte) {}

// What is only read here is not written, also when it has been looked who has ended.
func TestSweepLeavesProtection(t *testing.T) {
	_, files := cluster(t, 0)
	w := make(wants, 10)
	n := New(w, true)
	if _, err := n.Use(testKey, testPages*image.PageSize, func() (*os.File, error) { return files[0], nil }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Forget)
	c := join(t, n, files[0], "count")
	if err := n.Yield(testKey, 0, 1, true); err != nil {
		t.Fatal(err)
	}
	n.mu.Lock()
	n.sweep()
	n.mu.Unlock()
	c.run()
	select {
	case page := <-w:
		if got := word64(t, files[0], 0); page != 0 || got != 0 {
			t.Errorf("page %d is wanted first; %d counted", page, got)
		}
	case <-time.After(10 * time.Second):
		t.Errorf("it does not wait: %d counted", word64(t, files[0], 0))
	}
}

// settle waits for pages that home has been asked for and is about to give, to nobody any more.
func (m *manager) settle() {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		m.mu.Lock()
		away := m.dir.Away()
		m.mu.Unlock()
		if away == 0 {
			return
		}
	}
}

func word64(t *testing.T, f *os.File, at int64) uint64 {
	t.Helper()
	var b [8]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	return binary.LittleEndian.Uint64(b[:])
}

func TestParts(t *testing.T) {
	const p = image.PageSize
	whole := []Part{{image.Range{Start: 10 * p, End: 14 * p}, testKey, p}}
	for _, c := range []struct{ got, want []Part }{
		{without(whole, image.Range{Start: 11 * p, End: 12 * p}), []Part{{image.Range{Start: 10 * p, End: 11 * p}, testKey, p}, {image.Range{Start: 12 * p, End: 14 * p}, testKey, 3 * p}}},
		{without(whole, image.Range{Start: 0, End: 20 * p}), nil},
		{move(whole, image.Range{Start: 12 * p, End: 14 * p}, 30*p), []Part{{image.Range{Start: 10 * p, End: 12 * p}, testKey, p}, {image.Range{Start: 30 * p, End: 32 * p}, testKey, 3 * p}}},
	} {
		if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
			t.Errorf("%v instead of %v", c.got, c.want)
		}
	}
}

func TestNonsense(t *testing.T) {
	m, _ := cluster(t, 1)
	n := m.nodes[1]
	for what, err := range map[string]error{
		"a short page":     n.Put(testKey, 0, 1, 1, true, make([]byte, 100)),
		"beyond the end":   n.Put(testKey, testPages, 1, 1, true, make([]byte, image.PageSize)),
		"twice":            m.nodes[0].Put(testKey, 0, 1, 1, true, make([]byte, image.PageSize)),
		"of nothing known": m.nodes[0].Yield(Key{9, 9}, 0, 1, false),
	} {
		if err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if _, err := n.Use(Key{3, 4}, image.MaxJoint+image.PageSize, nil); err == nil {
		t.Error("too much is taken")
	}
}
