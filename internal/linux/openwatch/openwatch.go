// Package openwatch has whoever opens certain files wait until the watcher lets it: permission events of
// fanotify(7), which take CAP_SYS_ADMIN. A watcher that ends lets everybody go on.
package openwatch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Watch is a group of files that are watched.
type Watch struct {
	file *os.File
	fd   int
}

// New is of no files. It fails where the kernel, or a privilege, has no such events.
func New() (*Watch, error) {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK|unix.FAN_UNLIMITED_MARKS, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_LARGEFILE)
	if err != nil {
		return nil, fmt.Errorf("watch who opens files: %w", err)
	}
	return &Watch{os.NewFile(uintptr(fd), "fanotify"), fd}, nil
}

// Add watches a file, whatever becomes of its name.
func (w *Watch) Add(f *os.File) error { return w.mark(unix.FAN_MARK_ADD, f) }

// Remove watches a file no longer.
func (w *Watch) Remove(f *os.File) error { return w.mark(unix.FAN_MARK_REMOVE, f) }

func (w *Watch) mark(how uint, f *os.File) error {
	err := unix.FanotifyMark(w.fd, how, unix.FAN_OPEN_PERM|unix.FAN_OPEN_EXEC_PERM, unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return fmt.Errorf("watch who opens %s: %w", f.Name(), err)
	}
	return nil
}

// Close ends the watching; Next returns.
func (w *Watch) Close() error { return w.file.Close() }

// Opening is somebody who waits. It must be let go.
type Opening struct {
	PID int // 0: of another pid namespace
	Dev uint64
	Ino uint64

	w  *Watch
	fd int32
}

// metadata is struct fanotify_event_metadata.
const metadata = 24

// Next waits for who opens a file.
func (w *Watch) Next() (Opening, error) {
	var b [metadata]byte // one event at a time: what does not fit is told the next time
	for {
		n, err := w.file.Read(b[:])
		if err != nil {
			return Opening{}, err
		}
		if n < metadata || b[4] != unix.FANOTIFY_METADATA_VERSION {
			return Opening{}, errors.New("watch who opens files: the kernel tells in another way")
		}
		o := Opening{w: w, fd: int32(binary.LittleEndian.Uint32(b[16:])), PID: int(int32(binary.LittleEndian.Uint32(b[20:])))}
		if o.fd < 0 { // the queue has overflowed; nobody waits
			continue
		}
		var st unix.Stat_t
		if err := unix.Fstat(int(o.fd), &st); err != nil {
			o.Allow()
			continue
		}
		o.Dev, o.Ino = st.Dev, st.Ino
		return o, nil
	}
}

// Allow lets it go on.
func (o Opening) Allow() {
	var b [8]byte // struct fanotify_response
	binary.LittleEndian.PutUint32(b[:], uint32(o.fd))
	binary.LittleEndian.PutUint32(b[4:], unix.FAN_ALLOW)
	_, _ = unix.Write(o.w.fd, b[:]) // who was killed meanwhile does not wait
	_ = unix.Close(int(o.fd))
}
