// Package keyfile keeps the cluster key on disk: one line, two or more during a
// rotation, readable by its owner alone. What the key is good for is
// model/trust's affair.
package keyfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"openmosix/internal/model/trust"
)

// sizeLimit is more than a key file ever has.
const sizeLimit = 4096

// Load reads the key. A key others can read is refused: it is no secret any
// more, and whoever has it is a member of the cluster.
func Load(path string) (trust.Ring, error) {
	// Of a pipe nobody writes to, the opening would not end.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no cluster key: %s does not exist; make one on one node with `openmosix key new` and copy it to the others", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open cluster key: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("examine cluster key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cluster key %s is not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, sizeLimit))
	if err != nil {
		return nil, fmt.Errorf("read cluster key: %w", err)
	}
	ring, err := trust.ParseRing(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, fmt.Errorf("cluster key %s is accessible to others (mode %04o): `chmod 600 %s`, and replace the key if strangers had access",
			path, info.Mode().Perm(), path)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 && int(owner) != os.Geteuid() {
		return nil, fmt.Errorf("cluster key %s belongs to user %d, who can read it: `chown root %s`, and replace the key if strangers had access", path, owner, path)
	}
	return ring, nil
}

// Create draws a key and writes it. A file that is there is replaced only
// with force, and then at once: there is never a half-written key.
func Create(path string, force bool) (trust.Key, error) {
	key, err := trust.NewKey(rand.Reader)
	if err != nil {
		return trust.Key{}, err
	}
	return key, write(path, trust.RingOf(key), force)
}

// Rotate draws a new key and adds it to those of the file: half of overlap
// from now it is used, at the end of overlap the others are refused.
func Rotate(path string, now time.Time, overlap time.Duration) (trust.Ring, error) {
	ring, err := Load(path)
	if err != nil {
		return nil, err
	}
	next, err := trust.NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if ring, err = ring.Rotate(next, now, overlap); err != nil {
		return nil, err
	}
	return ring, write(path, ring, true)
}

func write(path string, ring trust.Ring, force bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make directory for the cluster key: %w", err)
	}
	// CreateTemp makes the file with mode 0600.
	temp, err := os.CreateTemp(filepath.Dir(path), ".cluster.key-")
	if err != nil {
		return fmt.Errorf("create cluster key: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(ring.Encode())
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write cluster key: %w", err)
	}
	return place(temp.Name(), path, force)
}

func place(temp, path string, force bool) error {
	if force {
		if err := os.Rename(temp, path); err != nil {
			return fmt.Errorf("put cluster key in place: %w", err)
		}
		return nil
	}
	// link(2) fails if the name exists, whatever happened since we looked.
	err := os.Link(temp, path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: a new key locks out every node that has the old one; use --force if that is meant", path)
	}
	if err != nil {
		return fmt.Errorf("put cluster key in place: %w", err)
	}
	return nil
}
