package filecache

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// temporary begins the names of files that are being written.
const temporary = "new-"

func isTemporary(text string) bool { return strings.HasPrefix(text, temporary) }

// copySize is how much of a file is in memory at a time.
const copySize = 256 << 10

// Keep takes in a file that a home has sent, if it is what it is said to be.
// Whatever goes wrong leaves the cache as it was.
func (c *Cache) Keep(home int, hash []byte, size uint64, from io.ReaderAt) error {
	n, ok := nameOf(home, hash)
	switch {
	case !ok || size == 0:
		return errors.New("a file without contents is not kept")
	case size > c.Largest():
		return fmt.Errorf("a file of %d bytes is not kept: %d is the most", size, c.Largest())
	}
	if err := c.makeRoom(n, size); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, temporary) // mode 0600
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	defer f.Close()
	// All of its blocks, so that a full disk is met here and not in the middle.
	if err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, int64(size)); errors.Is(err, unix.EOPNOTSUPP) {
		err = nil
	}
	if err == nil {
		err = copyAndCheck(f, from, n.hash, size)
	}
	var now state
	if err == nil {
		now, err = stateOf(f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		err = os.Rename(f.Name(), c.path(n))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("keep a file: %w", err)
	}
	if old := c.entries[n]; old != nil { // the same contents, sent twice at once
		c.counts.Bytes -= old.size
	}
	c.entries[n] = &entry{size: size, used: time.Now(), verified: now}
	c.counts.Bytes += size
	c.counts.Kept++
	c.shrink(c.limit) // others may have been written at the same time
	return nil
}

// makeRoom lets others go for a file that is about to be written.
func (c *Cache) makeRoom(n name, size uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[n]; e != nil && e.size == size {
		return errors.New("the file is kept already")
	}
	c.shrink(c.limit - size)
	for {
		var st unix.Statfs_t
		if err := unix.Statfs(c.dir, &st); err != nil {
			return fmt.Errorf("look for room: %w", err)
		}
		block := uint64(st.Bsize)
		if st.Bavail*block >= size+st.Blocks/reserve*block {
			return nil
		}
		if c.counts.Bytes == 0 {
			return errors.New("the file system is too full to keep files")
		}
		c.shrink(c.counts.Bytes - 1) // the oldest one
	}
}

// copyAndCheck reads all of a file, writes it (nil: nowhere) and tells whether it is
// what its hash says. What is checked is what is written, whatever becomes of
// the source meanwhile.
func copyAndCheck(to io.Writer, from io.ReaderAt, hash [sha256.Size]byte, size uint64) error {
	sum := sha256.New()
	out := io.Writer(sum)
	if to != nil {
		out = io.MultiWriter(sum, to)
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{out}, io.NewSectionReader(from, 0, int64(size)), make([]byte, copySize))
	if err != nil {
		return err
	}
	if uint64(n) != size || !bytes.Equal(sum.Sum(nil), hash[:]) {
		return fmt.Errorf("the contents of %x are damaged", hash[:8])
	}
	return nil
}
