package hostilenode

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// shares shares memory with a child, which stays at home, writes into it, and tells how far it is.
const shares = `
import mmap, os, sys, time
m = mmap.mmap(-1, 8192)
if os.fork() == 0:
    n = 0
    while True:
        n += 1
        m[0:8] = n.to_bytes(8, "little")
        assert m[0:8] == n.to_bytes(8, "little")
        with open(sys.argv[1] + ".new", "w") as f: print(n, os.getpid(), file=f)
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(0.001)
time.sleep(1000)
`

// Whatever a node says of memory that processes share, it gets what its own shares, and no more; and what it does not
// give back others have without it.
func TestSharedMemory(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		t.Skip("python3 is not here")
	}
	r := start(t)
	bystander := r.lend(honestNode, "/bin/sleep", "1000")
	dir, err := os.MkdirTemp("", "openmosix-shared-")
	if err == nil {
		err = os.Chmod(dir, 0o777) // it is nobody's
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	told := filepath.Join(dir, "told")
	v := r.run(python, "-c", shares, told)
	v.fetches = true
	var child int
	count := func() int {
		text, _ := os.ReadFile(told)
		n, rest, _ := cutSpace(string(text))
		if rest > 0 {
			child = rest
		}
		return n
	}
	goesOn := func(what string) {
		t.Helper()
		before := count()
		for deadline := time.Now().Add(patience); count() <= before; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the one at home does not go on", what)
			}
		}
	}
	goesOn("before")
	defer func() {
		if p, err := os.FindProcess(child); err == nil {
			_ = p.Kill()
		}
	}()
	if e := r.answer(r.moves(v, hostileNode), patience); e.Kind != supervisor.Moved {
		t.Fatalf("it does not leave: %+v", e)
	}
	var id *image.FileID
	for i := range v.thaw.Image.Files {
		if f := &v.thaw.Image.Files[i]; f.Joint {
			id = f
		}
	}
	if id == nil {
		t.Fatal("nothing of it is shared")
	}
	say := func(m wire.JointMsg) {
		t.Helper()
		if err := v.send(wire.Joint, v.pid, m.Append(nil)); err != nil {
			t.Fatal(err)
		}
	}
	page := make([]byte, image.PageSize)
	for _, n := range []uint64{0, 1, 2, 255, 256, 1 << 40, ^uint64(0)} {
		for verb := range wire.JointVerb(12) {
			for i, contents := range [][]byte{nil, nil, page[:7], page} {
				count := []uint64{1, 1 << 60, 1, 1}[i]
				say(wire.JointMsg{Dev: id.Dev, Ino: id.Ino + 1, Page: n, Count: count, Grant: n, Verb: verb, Contents: contents}) // somebody else's
				if n > 1 || verb > wire.JointWrite {
					say(wire.JointMsg{Dev: id.Dev, Ino: id.Ino, Page: n, Count: count, Grant: n, Verb: verb, Contents: contents})
				}
			}
		}
	}
	goesOn("after nonsense")
	v.lives("the victim")
	r.unharmed(bystander)
	if testing.Short() {
		return
	}
	say(wire.JointMsg{Dev: id.Dev, Ino: id.Ino, Page: 0, Count: 1, Verb: wire.JointWrite}) // and it keeps it
	const limit = 30 * time.Second
	v.endsWithin(limit + patience)
	r.toldLost(v.pid)
	goesOn("after the end")
	r.unharmed(bystander)
}
