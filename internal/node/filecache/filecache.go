// Package filecache keeps files that guests of this node have needed and that it
// does not have, by what is in them: the next guest gets them from here.
//
// A file is kept for the home that has sent it and for no other: whoever can
// name a hash would otherwise be given the file. It is named by the SHA-256 of
// its contents and by the number of that home, written under another name, checked
// against the hash and renamed, so that a half-written one is never used. After a
// start, and when it looks changed, it is checked again before it is used. What a
// guest has mapped stays whatever becomes of the name.
//
// Who is asked for a file and who gives it is the daemon's affair. A Cache may be
// used by several goroutines; its lock guards the table, and files are read and
// written without it.
package filecache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// share of its file system that a cache takes at most, as a divisor.
	share = 10
	// reserve of the file system that is left to others, as a divisor.
	reserve = 20
	// largest part of the limit that one file may have, as a divisor.
	largest = 4
)

// ErrAbsent: there is no such file.
var ErrAbsent = errors.New("not in the cache")

// Counts are figures since the start, and of now.
type Counts struct {
	Files, Bytes                 uint64
	Found, Absent, Kept, Damaged uint64
}

// name is what a file is kept by.
type name struct {
	hash [sha256.Size]byte
	home int
}

func (n name) String() string { return fmt.Sprintf("%s.%d", hex.EncodeToString(n.hash[:]), n.home) }

// entry is one file that is there.
type entry struct {
	size     uint64
	used     time.Time
	verified state // as it was when its contents were last checked; zero: not since the start
}

// state changes when somebody writes to a file.
type state struct {
	ino, size uint64
	modified  int64
}

// Cache is a directory of files.
type Cache struct {
	dir   string
	limit uint64 // bytes

	mu      sync.Mutex
	entries map[name]*entry
	counts  Counts
}

// Open takes over a directory, which is made if it is not there, with what an
// earlier daemon has left in it. limit is in bytes.
func Open(dir string, limit uint64) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make cache of files: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return nil, fmt.Errorf("cache of files: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0 {
		return nil, fmt.Errorf("cache of files: %s must be a directory that only its owner, uid %d, may enter: chmod 700, or name another one", dir, os.Geteuid())
	}
	var where unix.Statfs_t
	if err := unix.Statfs(dir, &where); err != nil {
		return nil, fmt.Errorf("cache of files: %w", err)
	}
	if where.Flags&unix.ST_NOEXEC != 0 {
		return nil, fmt.Errorf("cache of files: %s is mounted noexec, and programs could not be mapped: name another directory", dir)
	}
	c := &Cache{dir: dir, limit: min(limit, where.Blocks/share*uint64(where.Bsize)), entries: make(map[name]*entry)}
	return c, c.takeOver()
}

// takeOver learns what is there. Of what was being written nothing is used.
func (c *Cache) takeOver() error {
	list, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("cache of files: %w", err)
	}
	for _, e := range list {
		n, ok := parse(e.Name())
		info, err := e.Info()
		if !ok || err != nil || !info.Mode().IsRegular() {
			if isTemporary(e.Name()) {
				_ = os.Remove(filepath.Join(c.dir, e.Name()))
			}
			continue
		}
		st := info.Sys().(*syscall.Stat_t)
		c.entries[n] = &entry{size: uint64(info.Size()), used: time.Unix(st.Atim.Unix())}
		c.counts.Bytes += uint64(info.Size())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shrink(c.limit)
	return nil
}

// parse reads a file's name; ok is false for any other file.
func parse(text string) (n name, ok bool) {
	if len(text) < 2*sha256.Size {
		return n, false
	}
	if _, err := hex.Decode(n.hash[:], []byte(text[:2*sha256.Size])); err != nil {
		return n, false
	}
	_, err := fmt.Sscanf(text[2*sha256.Size:], ".%d", &n.home)
	return n, err == nil && n.String() == text
}

// nameOf is the name of a file of these contents; ok is false if there can be none.
func nameOf(home int, hash []byte) (n name, ok bool) {
	n.home = home
	return n, copy(n.hash[:], hash) == sha256.Size && len(hash) == sha256.Size
}

// Largest is the size of the largest file that is kept.
func (c *Cache) Largest() uint64 { return c.limit / largest }

// Counts are the cache's figures.
func (c *Cache) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.counts
	out.Files = uint64(len(c.entries))
	return out
}

// Find opens the file with these contents that the home has sent, to be read only.
// The error is ErrAbsent, or says what is wrong with the file, which is gone then.
func (c *Cache) Find(home int, hash []byte, size uint64) (*os.File, error) {
	n, ok := nameOf(home, hash)
	if !ok {
		return nil, ErrAbsent
	}
	c.mu.Lock()
	e := c.entries[n]
	if e == nil || e.size != size {
		c.counts.Absent++
		c.mu.Unlock()
		return nil, ErrAbsent
	}
	e.used = time.Now()
	verified := e.verified
	c.mu.Unlock()

	f, now, err := c.check(n, size, verified)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.counts.Absent++
		if !errors.Is(err, fs.ErrNotExist) {
			c.counts.Damaged++
		}
		c.drop(n)
		return nil, err
	}
	c.counts.Found++
	if e := c.entries[n]; e != nil {
		e.verified = now
	}
	return f, nil
}

// check opens a file and makes sure of its contents unless that was done in the
// state it has.
func (c *Cache) check(n name, size uint64, verified state) (*os.File, state, error) {
	f, err := os.OpenFile(c.path(n), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, state{}, fmt.Errorf("cached file: %w", err)
	}
	now, err := stateOf(f)
	if err == nil && now != verified {
		err = copyAndCheck(nil, f, n.hash, size)
	}
	if err == nil && now.size != size {
		err = fmt.Errorf("cached file %s has %d bytes instead of %d", n, now.size, size)
	}
	if err != nil {
		_ = f.Close()
		return nil, state{}, err
	}
	// The order in which files go outlives this daemon; the time of modification,
	// by which a change is noticed, stays.
	times := []unix.Timespec{unix.NsecToTimespec(time.Now().UnixNano()), {Nsec: unix.UTIME_OMIT}}
	_ = unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), times, 0)
	return f, now, nil
}

func (c *Cache) path(n name) string { return filepath.Join(c.dir, n.String()) }

func stateOf(f *os.File) (state, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return state{}, err
	}
	return state{ino: st.Ino, size: uint64(st.Size), modified: st.Mtim.Nano()}, nil
}

// drop forgets a file and removes it. c.mu is held.
func (c *Cache) drop(n name) {
	e := c.entries[n]
	if e == nil {
		return
	}
	delete(c.entries, n)
	c.counts.Bytes -= e.size
	_ = os.Remove(c.path(n))
}

// shrink makes the cache at most so large: what has not been used for longest
// goes first. c.mu is held.
func (c *Cache) shrink(most uint64) {
	for c.counts.Bytes > most {
		var oldest name
		var when time.Time
		for n, e := range c.entries {
			if when.IsZero() || e.used.Before(when) {
				oldest, when = n, e.used
			}
		}
		c.drop(oldest)
	}
}
