package filehash

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// disk is the file that processes share. Writers hold its lock (flock); readers
// take no lock and rely on the checksums. Everything that goes wrong with it
// after opening is passed over: the cost is to hash a file again.
type disk struct {
	path string
	seen int64  // how much of the file has been read
	ino  uint64 // of which file
}

// openDisk makes sure that the file exists and is ours alone: who could write
// to it could make us take one file for another.
func openDisk(dir string) (*disk, error) {
	d := &disk{path: filepath.Join(dir, "hashes-2")}
	file, err := d.open()
	if err != nil {
		return nil, fmt.Errorf("open cache of file hashes: %w", err)
	}
	return d, file.Close()
}

func (d *disk) open() (*os.File, error) {
	file, err := os.OpenFile(d.path, os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(int(file.Fd()), &st); err == nil &&
		(st.Mode&unix.S_IFMT != unix.S_IFREG || st.Mode&0o022 != 0 || int(st.Uid) != os.Geteuid()) {
		err = fmt.Errorf("%s must be a file that only its owner, uid %d, may write: remove it", d.path, os.Geteuid())
	}
	if err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return file, nil
}

// news reads what has been added since the last time.
func (d *disk) news(each func(key, sum)) {
	var st unix.Stat_t
	if unix.Stat(d.path, &st) != nil || st.Ino == d.ino && st.Size <= d.seen {
		return
	}
	file, err := d.open()
	if err != nil {
		return
	}
	defer file.Close()
	d.read(file, each)
}

// read hands over the records that have not been seen yet.
func (d *disk) read(file *os.File, each func(key, sum)) {
	var st unix.Stat_t
	if unix.Fstat(int(file.Fd()), &st) != nil {
		return
	}
	if st.Ino != d.ino || st.Size < d.seen {
		d.ino, d.seen = st.Ino, 0
	}
	size := min(st.Size-d.seen, 2*maxEntries*recordSize)
	b := make([]byte, size-size%recordSize)
	n, _ := file.ReadAt(b, d.seen)
	n -= n % recordSize
	decode(b[:n], each)
	d.seen += int64(n)
}

// append adds a record, and begins a new file when this one is full.
func (d *disk) append(k key, s sum, limit int) {
	file, err := d.open()
	if err != nil {
		return
	}
	defer file.Close()
	if unix.Flock(int(file.Fd()), unix.LOCK_EX) != nil {
		return
	}
	end, err := file.Seek(0, 2)
	if err != nil {
		return
	}
	// A writer that died, or a full disk, may have left a part of a record.
	if torn := end % recordSize; torn != 0 {
		end -= torn
		if file.Truncate(end) != nil {
			return
		}
	}
	if end/recordSize >= int64(limit) {
		// Whoever still appends to the old file loses nothing but that record.
		if os.Remove(d.path) != nil {
			return
		}
		fresh, err := d.open()
		if err != nil {
			return
		}
		defer fresh.Close()
		file = fresh
	}
	_, _ = file.Write(encode(k, s))
}
