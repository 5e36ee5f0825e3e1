package filecache

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const limit = 1 << 20

func open(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir, limit)
	if err != nil {
		t.Skip(err) // a file system without room, or without programs
	}
	return c
}

// contents are different for each seed.
func contents(seed uint64, size int) ([]byte, []byte) {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	sum := sha256.Sum256(b)
	return b, sum[:]
}

func keep(t *testing.T, c *Cache, home int, b, hash []byte) {
	t.Helper()
	if err := c.Keep(home, hash, uint64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
}

func found(t *testing.T, c *Cache, home int, b, hash []byte) {
	t.Helper()
	f, err := c.Find(home, hash, uint64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, b) {
		t.Fatalf("%d bytes: %v", len(got), err)
	}
	if _, err := f.WriteAt([]byte{1}, 0); err == nil {
		t.Error("what is given can be written")
	}
}

func absent(t *testing.T, c *Cache, home int, b, hash []byte) {
	t.Helper()
	if f, err := c.Find(home, hash, uint64(len(b))); err == nil {
		f.Close()
		t.Error("given all the same")
	}
}

func TestKeptForItsHomeOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	c := open(t, dir)
	b, hash := contents(1, 100_000)
	absent(t, c, 1, b, hash)
	keep(t, c, 1, b, hash)
	found(t, c, 1, b, hash)
	absent(t, c, 2, b, hash)
	absent(t, c, 1, b[1:], hash) // another size
	absent(t, c, 1, b, hash[1:])
	if n := c.Counts(); n.Files != 1 || n.Bytes != 100_000 || n.Found != 1 || n.Kept != 1 || n.Damaged != 0 {
		t.Errorf("%+v", n)
	}
	if err := c.Keep(1, hash, uint64(len(b)), bytes.NewReader(b)); err == nil {
		t.Error("kept twice")
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if info, err := list[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

// What is not what its hash says is not taken in.
func TestOnlyTheTruthIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	c := open(t, dir)
	b, hash := contents(1, 100_000)
	other, _ := contents(2, 100_000)
	for name, err := range map[string]error{
		"other contents": c.Keep(1, hash, uint64(len(b)), bytes.NewReader(other)),
		"too short":      c.Keep(1, hash, uint64(len(b)), bytes.NewReader(b[:5000])),
		"unreadable":     c.Keep(1, hash, uint64(len(b)), broken{}),
		"empty":          c.Keep(1, hash, 0, bytes.NewReader(nil)),
		"no hash":        c.Keep(1, nil, uint64(len(b)), bytes.NewReader(b)),
		"too large":      c.Keep(1, hash, limit, bytes.NewReader(b)),
	} {
		if err == nil {
			t.Error(name)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
	keep(t, c, 1, b, hash)
}

type broken struct{}

func (broken) ReadAt(b []byte, off int64) (int, error) {
	if off == 0 {
		return len(b), nil
	}
	return 0, unix.EIO
}

// A later daemon finds what there is, and trusts none of it before it has looked.
func TestAfterAStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	c := open(t, dir)
	b, hash := contents(1, 100_000)
	d, dhash := contents(2, 100_000)
	e, ehash := contents(3, 100_000)
	keep(t, c, 1, b, hash)
	keep(t, c, 1, d, dhash)
	keep(t, c, 1, e, ehash)
	quiet(t, dir, dhash, func(f *os.File) error { _, err := f.WriteAt([]byte{^d[50_000]}, 50_000); return err })
	quiet(t, dir, ehash, func(f *os.File) error { return f.Truncate(5000) })
	for _, name := range []string{temporary + "1", "stranger"} {
		if err := os.WriteFile(filepath.Join(dir, name), b[:5000], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c = open(t, dir)
	found(t, c, 1, b, hash)
	absent(t, c, 1, d, dhash)
	absent(t, c, 1, e, ehash)
	if n := c.Counts(); n.Files != 1+1 || n.Damaged != 1 { // the short one waits, as nobody asks for so few bytes
		t.Errorf("%+v", n)
	}
	if _, err := os.Stat(filepath.Join(dir, temporary+"1")); err == nil {
		t.Error("a file that was being written is still there")
	}
	keep(t, c, 1, d, dhash)
	keep(t, c, 1, e, ehash)
	found(t, c, 1, d, dhash)
	found(t, c, 1, e, ehash)
}

// quiet changes a file without its times telling.
func quiet(t *testing.T, dir string, hash []byte, change func(*os.File) error) {
	t.Helper()
	n, _ := nameOf(1, hash)
	path := filepath.Join(dir, n.String())
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := change(f); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// A file that somebody writes to while the daemon runs is looked at again.
func TestChangedMeanwhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	c := open(t, dir)
	b, hash := contents(1, 100_000)
	keep(t, c, 1, b, hash)
	n, _ := nameOf(1, hash)
	time.Sleep(10 * time.Millisecond) // the grain of its file system's clock
	other := append([]byte(nil), b...)
	other[7]++
	if err := os.WriteFile(filepath.Join(dir, n.String()), other, 0o600); err != nil {
		t.Fatal(err)
	}
	absent(t, c, 1, b, hash)
	keep(t, c, 1, b, hash)
	if err := os.Remove(filepath.Join(dir, n.String())); err != nil {
		t.Fatal(err)
	}
	absent(t, c, 1, b, hash)
	if got := c.Counts(); got.Damaged != 1 || got.Files != 0 || got.Bytes != 0 {
		t.Errorf("%+v", got)
	}
}

// The limit holds at each moment that can be seen, and what was used last stays.
func TestLimit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	c := open(t, dir)
	const size = limit / 5
	first, firstHash := contents(0, size)
	keep(t, c, 1, first, firstHash)
	for seed := uint64(1); seed < 20; seed++ {
		b, hash := contents(seed, size)
		keep(t, c, 1, b, hash)
		found(t, c, 1, first, firstHash) // so it is never the oldest
		var sum int64
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			sum += info.Size()
		}
		if sum > limit || uint64(sum) != c.Counts().Bytes {
			t.Fatalf("%d bytes in %d files, %+v", sum, len(list), c.Counts())
		}
	}
	// A lower limit is kept from the start on, in the order of use.
	c, err := Open(dir, 2*size)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.Counts(); n.Bytes > 2*size {
		t.Errorf("%+v", n)
	}
	b, hash := contents(2, size)
	absent(t, c, 1, b, hash)
	if _, err := os.Stat(filepath.Join(dir, func() string { n, _ := nameOf(1, firstHash); return n.String() }())); errors.Is(err, os.ErrNotExist) {
		t.Error("what was used last has gone")
	}
}

// On a file system without room it works without a cache.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16m,mode=700"); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	c, err := Open(dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if c.Largest() > 16<<20/share {
		t.Errorf("a file may have %d bytes of 16 MiB", c.Largest())
	}
	b, hash := contents(1, 300_000)
	keep(t, c, 1, b, hash)
	full := bytes.Repeat([]byte("full"), 15<<18)
	if err := os.WriteFile(filepath.Join(dir, "others"), full, 0o600); err != nil {
		t.Fatal(err)
	}
	d, dhash := contents(2, 300_000)
	if err := c.Keep(1, dhash, 300_000, bytes.NewReader(d)); err == nil {
		t.Error("the last of the disk has been taken")
	}
	absent(t, c, 1, d, dhash)
	if err := os.Remove(filepath.Join(dir, "others")); err != nil {
		t.Fatal(err)
	}
	keep(t, c, 1, d, dhash)
	found(t, c, 1, d, dhash)
}

func TestDirectoryOfOthersIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, limit); err == nil {
		t.Error("everybody may enter it")
	}
}
