package filehash

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// eager remembers files however new they are.
func eager(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.settle = 0
	return c
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func hash(t *testing.T, c *Cache, path, content string) {
	t.Helper()
	got, err := c.Hash(path)
	want := sha256.Sum256([]byte(content))
	if err != nil || !bytes.Equal(got, want[:]) {
		t.Fatalf("%x, want %x: %v", got, want, err)
	}
}

func TestHash(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "f"), "one")
	c := eager(t, dir)
	hash(t, c, path, "one")
	hash(t, c, path, "one")
	if len(c.known) != 1 {
		t.Error(len(c.known))
	}
	write(t, path, "two, and longer")
	hash(t, c, path, "two, and longer")

	id, err := c.Identify(path)
	if err != nil || id.Path != path || id.Size != 15 || id.Ino == 0 || id.ModTime == 0 || len(id.Hash) != 32 {
		t.Error(id, err)
	}
	hash(t, c, write(t, filepath.Join(dir, "empty"), ""), "")
}

func TestSharedOnDisk(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "f"), "one")
	first, second := eager(t, dir), eager(t, dir)
	hash(t, first, path, "one")
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	k, err := keyOf(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, found := second.lookup(k); !found {
		t.Error("not found by another user of the directory")
	}
	if _, found := second.lookup(key{}); found {
		t.Error("found what nobody wrote")
	}
}

func TestNewFilesAreNotRemembered(t *testing.T) {
	c, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	hash(t, c, write(t, filepath.Join(t.TempDir(), "f"), "x"), "x")
	if len(c.known) != 0 {
		t.Error("remembered a file that may change within its clock's grain")
	}
}

func TestDamage(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"torn":     func(b []byte) []byte { return b[:len(b)-3] },
		"flipped":  func(b []byte) []byte { b[50] ^= 1; return b },
		"zeros":    func(b []byte) []byte { return make([]byte, len(b)) },
		"garbage":  func(b []byte) []byte { return bytes.Repeat([]byte("garbage!"), 1000) },
		"vanished": nil,
	} {
		dir := t.TempDir()
		path := write(t, filepath.Join(dir, "f"), "one")
		c := eager(t, dir)
		hash(t, c, path, "one")
		b, err := os.ReadFile(c.disk.path)
		if err != nil || len(b) != recordSize {
			t.Fatal(len(b), err)
		}
		if damage == nil {
			err = os.Remove(c.disk.path)
		} else {
			err = os.WriteFile(c.disk.path, damage(b), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		again := eager(t, dir)
		if _, found := again.lookup(keyOfPath(t, path)); found {
			t.Error(name, "was taken for a record")
		}
		hash(t, again, path, "one")
		if _, found := eager(t, dir).lookup(keyOfPath(t, path)); !found {
			t.Error(name, "lasted")
		}
	}
}

func keyOfPath(t *testing.T, path string) key {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	k, err := keyOf(file)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestBounds(t *testing.T) {
	dir := t.TempDir()
	c := eager(t, dir)
	c.limit = 16
	for i := range 100 {
		c.remember(key{ino: uint64(i)}, sum{byte(i)})
		if len(c.known) > c.limit {
			t.Fatal(len(c.known), "entries")
		}
	}
	if st, err := os.Stat(c.disk.path); err != nil || st.Size() > 16*recordSize {
		t.Error(st, err)
	}
	if s, found := eager(t, dir).lookup(key{ino: 99}); !found || s != (sum{99}) {
		t.Error("the newest is not on disk")
	}
}

func TestConcurrentWriters(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for w := range 4 {
		c := eager(t, dir)
		wg.Go(func() {
			for i := range 50 {
				c.remember(key{dev: uint64(w), ino: uint64(i)}, sum{byte(w), byte(i)})
				c.lookup(key{dev: 9})
			}
		})
	}
	wg.Wait()
	c := eager(t, dir)
	for w := range 4 {
		for i := range 50 {
			if s, found := c.lookup(key{dev: uint64(w), ino: uint64(i)}); !found || s != (sum{byte(w), byte(i)}) {
				t.Fatal(w, i, found)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	c := eager(t, "")
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, fifo, filepath.Join(dir, "none")} {
		if _, err := c.Hash(path); err == nil {
			t.Error(path, "was hashed")
		}
	}
	file, err := os.Open(write(t, filepath.Join(dir, "f"), "abc"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	k, err := keyOf(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file.Name(), "abcd")
	if _, err := read(file, k); !errors.Is(err, ErrChanging) {
		t.Error(err)
	}
}

// A cache that others may write could be made to lie.
func TestForeignCacheIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "hashes-2"), "")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := Open(dir)
	if err == nil || c == nil || c.disk != nil {
		t.Error(c, err)
	}
	link := t.TempDir()
	if err := os.Symlink(write(t, filepath.Join(dir, "other"), ""), filepath.Join(link, "hashes-2")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(link); err == nil {
		t.Error("followed a link")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(key{1, 2, 3, 4, 5}, sum{6}))
	f.Fuzz(func(t *testing.T, b []byte) {
		decode(b, func(k key, s sum) {
			if !bytes.Contains(b, encode(k, s)) {
				t.Fatal(k, s)
			}
		})
	})
}
