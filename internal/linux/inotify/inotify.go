// Package inotify watches directories for changes of the names in them, and files
// for changes of what they are and contain (inotify(7)), and the mounts of this
// process's namespace.
//
// The kernel queues an event before the call that causes it returns: who looks
// after a call has returned, anywhere on the machine, sees it.
package inotify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Watcher is one queue. Its methods may be used by one goroutine at a time,
// except Wait and Close.
type Watcher struct {
	fd     int
	mounts *os.File
	wake   int // eventfd: ends Wait
	buffer [1 << 14]byte
}

// Event is a change in a watched directory, or of a watched file.
type Event struct {
	Watch int32
	Name  string // in the directory; empty: of the directory itself
	// Ended: the directory or the file is not watched any more.
	Ended bool
	// Opened: a watched file was opened, and nothing else has happened to it.
	Opened bool
}

// ErrOverflow: events were lost.
var ErrOverflow = errors.New("the queue of file system events has overflowed")

const changes = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_ATTRIB |
	unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR

// changesOfFile are those of which the kernel tells. Of writing through a mapping it
// does not: but who maps a file has opened it before.
const changesOfFile = unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CLOSE_WRITE | unix.IN_OPEN | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF

// New makes a queue.
func New() (*Watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a queue of file system events: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("make a queue of file system events: %w", err)
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		_ = unix.Close(fd)
		_ = unix.Close(wake)
		return nil, fmt.Errorf("watch mounts: %w", err)
	}
	return &Watcher{fd: fd, mounts: mounts, wake: wake}, nil
}

// Watch begins to watch an open directory. The same directory has the same number.
func (w *Watcher) Watch(directory *os.File) (int32, error) {
	return w.watch(directory, changes)
}

// WatchFile begins to watch an open file that is no directory. All names of one
// file have the same number.
func (w *Watcher) WatchFile(file *os.File) (int32, error) { return w.watch(file, changesOfFile) }

// WatchAll is WatchFile, and of reading as well, which sets a file's time of access.
func (w *Watcher) WatchAll(file *os.File) (int32, error) {
	return w.watch(file, changesOfFile|unix.IN_ACCESS)
}

func (w *Watcher) watch(file *os.File, mask uint32) (int32, error) {
	wd, err := unix.InotifyAddWatch(w.fd, fmt.Sprintf("/proc/self/fd/%d", file.Fd()), mask)
	if err != nil {
		return 0, fmt.Errorf("watch %s: %w", file.Name(), err)
	}
	return int32(wd), nil
}

// Leave ends the watching of a file. What is queued of it still comes.
func (w *Watcher) Leave(watch int32) { _, _ = unix.InotifyRmWatch(w.fd, uint32(watch)) }

// Changed tells whether there are events, and whether mounts have changed since
// it was asked last.
func (w *Watcher) Changed() (events, mounts bool) { return w.poll(0, false) }

// Wait waits until there is something, or Close.
func (w *Watcher) Wait() { w.poll(-1, true) }

func (w *Watcher) poll(timeout int, wake bool) (events, mounts bool) {
	fds := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}, {Fd: int32(w.mounts.Fd()), Events: unix.POLLPRI}, {Fd: int32(w.wake), Events: unix.POLLIN}}
	if !wake {
		fds = fds[:2]
	} else {
		fds = []unix.PollFd{fds[0], fds[2]} // whoever asks for the mounts' news takes it
	}
	for {
		n, err := unix.Poll(fds, timeout)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n <= 0 {
			return false, false
		}
		return fds[0].Revents != 0, !wake && fds[1].Revents&(unix.POLLPRI|unix.POLLERR) != 0
	}
}

// Read takes the events there are. It does not wait.
func (w *Watcher) Read() ([]Event, error) {
	var all []Event
	for {
		n, err := unix.Read(w.fd, w.buffer[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n <= 0 {
			return all, nil // EAGAIN: that was all
		}
		for b := w.buffer[:n]; len(b) >= unix.SizeofInotifyEvent; {
			wd, mask := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:])
			length := int(binary.NativeEndian.Uint32(b[12:]))
			if mask&unix.IN_Q_OVERFLOW != 0 {
				return nil, ErrOverflow
			}
			name := unix.ByteSliceToString(b[unix.SizeofInotifyEvent : unix.SizeofInotifyEvent+length])
			const ended = unix.IN_IGNORED | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_UNMOUNT
			// Attributes of what is in it matter if they are a directory's: its owner may have closed it.
			if mask&unix.IN_ATTRIB == 0 || name == "" || mask&unix.IN_ISDIR != 0 {
				all = append(all, Event{Watch: wd, Name: name, Ended: mask&ended != 0, Opened: mask&unix.IN_ALL_EVENTS == unix.IN_OPEN})
			}
			b = b[unix.SizeofInotifyEvent+length:]
		}
	}
}

// Close ends the watching.
func (w *Watcher) Close() {
	_, _ = unix.Write(w.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}
