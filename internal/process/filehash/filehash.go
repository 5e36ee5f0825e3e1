// Package filehash tells what is in a file by the SHA-256 of its content, and
// remembers it, so that a library is read once and not at every move.
//
// A remembered hash belongs to device, inode, size and both times of the file.
// The change time cannot be set back by a user, so every way of changing the
// content through the file system changes the key. Two gaps are known. A file
// changed within the grain of its file system's clock keeps its times: hashes
// of files changed only just now are not remembered. And writes through a
// shared mapping touch the times late: files that somebody may be writing that
// way are for the caller to exclude.
//
// A Cache may be used by several goroutines, and its directory by several
// processes at once. Its lock guards the table only; files are read without it.
package filehash

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/image"
)

// sum is a SHA-256.
type sum [sha256.Size]byte

// key is the state of a file in which it has one content.
type key struct {
	dev, ino, size, modified, changed uint64
}

// maxEntries bounds the table in memory, which every supervisor has, to one MB, and
// that on disk.
const maxEntries = 1 << 13

// ErrChanging: the file was changed while it was read.
var ErrChanging = errors.New("the file changes while it is read")

// Cache remembers hashes.
type Cache struct {
	mu     sync.Mutex
	known  map[key]sum
	limit  int
	disk   *disk         // nil: memory only
	settle time.Duration // files changed more recently are not remembered
}

// Open uses the cache file in a directory that belongs to us alone; an empty
// name means to remember in memory only. The Cache works in any case: an error
// only says why it keeps nothing on disk.
func Open(dir string) (*Cache, error) {
	c := &Cache{known: make(map[key]sum), limit: maxEntries, settle: 2 * time.Second}
	if dir == "" {
		return c, nil
	}
	d, err := openDisk(dir)
	if err != nil {
		return c, err
	}
	c.disk = d
	return c, nil
}

// Hash is the SHA-256 of a regular file.
func (c *Cache) Hash(path string) ([]byte, error) {
	id, err := c.Identify(path)
	return id.Hash, err
}

// Identify tells all that identifies a regular file: everything in the answer
// was true at one moment.
func (c *Cache) Identify(path string) (image.FileID, error) {
	// Without O_NONBLOCK a fifo in the file's place would hold us up.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return image.FileID{}, fmt.Errorf("hash file: %w", err)
	}
	defer file.Close()
	id, err := c.IdentifyFile(file)
	id.Path = path
	if err != nil {
		return image.FileID{}, fmt.Errorf("hash %s: %w", path, err)
	}
	return id, nil
}

// IdentifyFile is Identify for an open file, whose position does not matter
// and is not moved; the answer's Path is the name it was opened by.
func (c *Cache) IdentifyFile(file *os.File) (image.FileID, error) {
	k, err := keyOf(file)
	if err != nil {
		return image.FileID{}, err
	}
	s, found := c.lookup(k)
	if !found {
		if s, err = read(file, k); err != nil {
			return image.FileID{}, err
		}
		c.remember(k, s)
	}
	return image.FileID{
		Path: file.Name(), Dev: k.dev, Ino: k.ino, Size: k.size, ModTime: int64(k.modified), Hash: s[:],
	}, nil
}

func keyOf(file *os.File) (key, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return key{}, fmt.Errorf("look at file: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return key{}, errors.New("not a regular file")
	}
	return key{
		dev: st.Dev, ino: st.Ino, size: uint64(st.Size),
		modified: uint64(st.Mtim.Nano()), changed: uint64(st.Ctim.Nano()),
	}, nil
}

// read hashes the file and makes sure that it stayed what it was.
func read(file *os.File, before key) (sum, error) {
	hash := sha256.New()
	buf := make([]byte, 256<<10)
	// One byte more than expected is enough to know that it grows.
	n, err := io.CopyBuffer(onlyWriter{hash}, io.NewSectionReader(file, 0, int64(before.size)+1), buf)
	if err != nil {
		return sum{}, fmt.Errorf("read file: %w", err)
	}
	after, err := keyOf(file)
	if err != nil {
		return sum{}, err
	}
	if after != before || uint64(n) != before.size {
		return sum{}, ErrChanging
	}
	return sum(hash.Sum(nil)), nil
}

// onlyWriter hides other methods, so that CopyBuffer uses the buffer it is given.
type onlyWriter struct{ io.Writer }

// lookup asks memory, then what other processes have written meanwhile.
func (c *Cache) lookup(k key) (sum, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, found := c.known[k]; found || c.disk == nil {
		return s, found
	}
	c.disk.news(c.add)
	s, found := c.known[k]
	return s, found
}

func (c *Cache) remember(k key, s sum) {
	if time.Since(time.Unix(0, int64(k.changed))) < c.settle {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(k, s)
	if c.disk != nil {
		c.disk.append(k, s, c.limit)
	}
}

// add makes room by forgetting some others: whichever, for a hash that is
// missed is only computed again.
func (c *Cache) add(k key, s sum) {
	if _, known := c.known[k]; !known && len(c.known) >= c.limit {
		drop := c.limit / 4
		for old := range c.known {
			if drop--; drop < 0 {
				break
			}
			delete(c.known, old)
		}
	}
	c.known[k] = s
}
