package daemon

import (
	"bytes"
	"crypto/sha256"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/filecache"
)

// A guest supervisor is not trusted: nothing is taken from it that reading might
// wait for, and nothing is kept that is not what it says.
func TestCame(t *testing.T) {
	cache, err := filecache.Open(filepath.Join(t.TempDir(), "files"), 1<<20)
	if err != nil {
		t.Skip(err)
	}
	k := newKeeper(cache)
	c := &child{log: slog.New(slog.DiscardHandler)}
	b := bytes.Repeat([]byte("contents"), 1000)
	sum := sha256.Sum256(b)
	memory := func(contents []byte) *os.File {
		fd, err := unix.MemfdCreate("file", unix.MFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), "file")
		t.Cleanup(func() { _ = f.Close() })
		if _, err := f.Write(contents); err != nil {
			t.Fatal(err)
		}
		return f
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	twin := &supervisor.Twin{Path: "/f", Size: uint64(len(b)), Hash: sum[:]}
	event := supervisor.Event{Kind: supervisor.Came, Twin: twin}
	for name, refused := range map[string]bool{
		"a pipe":        k.take(c, 1, event, []*os.File{r}),
		"no file":       k.take(c, 1, event, nil),
		"two files":     k.take(c, 1, event, []*os.File{memory(b), memory(b)}),
		"no word of it": k.take(c, 1, supervisor.Event{Kind: supervisor.Came}, []*os.File{memory(b)}),
		"another event": k.take(c, 1, supervisor.Event{Kind: supervisor.Wanted, Twin: twin}, []*os.File{memory(b)}),
		"no cache":      newKeeper(noShelf{}).take(c, 1, event, []*os.File{memory(b)}),
	} {
		if refused {
			t.Error(name, "is taken")
		}
	}
	for _, lie := range [][]byte{b[1:], bytes.Repeat([]byte("otherone"), 1000)} {
		if k.keep(came{c, 1, *twin, memory(lie)}) == nil {
			t.Errorf("%q… is kept", lie[:8])
		}
	}
	if !k.take(c, 1, event, []*os.File{memory(b)}) {
		t.Fatal("not taken")
	}
	if err := k.keep(<-k.queue); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find(2, twin.Hash, twin.Size); err == nil {
		t.Error("given to another home")
	}
	f, err := k.Find(1, twin.Hash, twin.Size)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}
