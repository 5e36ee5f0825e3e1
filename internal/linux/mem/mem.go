// Package mem reads and writes the memory of another process.
//
// By process_vm_readv(2) and process_vm_writev(2), which need no file position and are fast in large pieces. They do what
// the process itself could do. What it may not do, as writing into its program text, is done by its tracer: Forced. Neither can read pages of a
// mapped file beyond the file's end, and [vvar] is closed to both.
//
// A call does all of its range or returns an error; it never tells how far it
// came. The package does not stop anybody: the contents of a running process
// are whatever they are at that moment.
//
// A Space may be used by several goroutines at once. It holds the address space
// that the process had when it was opened: after an execve, Renew it.
package mem

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Space is the memory of one process.
type Space struct {
	pid    int
	tracer Tracer       // nil: whoever asks
	task   atomic.Int32 // whom process_vm_* is asked about
	behind atomic.Pointer[files]
}

// files are those behind a Space.
type files struct {
	once    sync.Once
	mem     *os.File // nil: not opened, or the process was gone
	pagemap *os.File // likewise

	ask  sync.Once
	maps *os.File // what asks about mappings; nil: the kernel tells nothing of single ones
}

// Open opens the memory of the process that the proc file system mounted at
// /proc knows as pid. It needs the right to trace that process, which tracer does; nil: nobody does yet.
func Open(pid int, tracer Tracer) (*Space, error) {
	s := Later(pid, tracer)
	if err := s.behind.Load().open(pid); err != nil {
		return nil, err
	}
	return s, nil
}

// Later is Open for a process that is stopped at its beginning, and mostly goes on without that anybody
// looks at it: the files are opened when they are needed. If they cannot be then, the process is gone.
func Later(pid int, tracer Tracer) *Space {
	s := &Space{pid: pid, tracer: tracer}
	s.task.Store(int32(pid))
	s.behind.Store(new(files))
	return s
}

// Renew is for a process that has executed another program: what was opened is closed, and opened anew
// when it is needed.
func (s *Space) Renew() {
	old := s.behind.Swap(new(files))
	s.task.Store(int32(s.pid))
	_ = old.close(s.pid) // of a memory that is gone
}

// opened are the files behind the Space, opened if they can be.
func (s *Space) opened() *files {
	for {
		f := s.behind.Load()
		_ = f.open(s.pid)                         // no file is one that cannot be read
		if f.mem != nil || f == s.behind.Load() { // else it was renewed before they were opened
			return f
		}
	}
}

// open opens the files, once.
func (f *files) open(pid int) (err error) {
	f.once.Do(func() {
		dir := "/proc/" + strconv.Itoa(pid)
		mem, no := os.OpenFile(dir+"/mem", os.O_RDWR, 0)
		if no != nil {
			err = fmt.Errorf("open memory of %d: %w", pid, no)
			return
		}
		pagemap, no := os.Open(dir + "/pagemap")
		if no != nil {
			_ = mem.Close() // nothing was written through it
			err = fmt.Errorf("open page map of %d: %w", pid, no)
			return
		}
		f.mem, f.pagemap = mem, pagemap
	})
	return err
}

// Ready opens the files if they have not been.
func (s *Space) Ready() error {
	f := s.behind.Load()
	if err := f.open(s.pid); err != nil {
		return err
	}
	if f.mem == nil {
		return fmt.Errorf("open memory of %d: %w", s.pid, unix.ESRCH)
	}
	return nil
}

// Pid is the process that was opened.
func (s *Space) Pid() int { return s.pid }

// Pagemap is /proc/pid/pagemap, for package pagemap. It is closed with the Space.
func (s *Space) Pagemap() *os.File { return s.opened().pagemap }

// Close closes the files behind the Space.
func (s *Space) Close() error { return s.behind.Load().close(s.pid) }

func (f *files) close(pid int) error {
	f.once.Do(func() {}) // they are not opened any more
	f.ask.Do(func() {})
	if f.maps != nil {
		_ = f.maps.Close() // it was only asked
	}
	if f.mem == nil {
		return nil
	}
	errMem, errPagemap := f.mem.Close(), f.pagemap.Close()
	if errMem != nil {
		return fmt.Errorf("close memory of %d: %w", pid, errMem)
	}
	if errPagemap != nil {
		return fmt.Errorf("close page map of %d: %w", pid, errPagemap)
	}
	return nil
}

// Read fills b from addr.
func (s *Space) Read(addr uint64, b []byte) error {
	return s.all("read", addr, b, s.vmRead)
}

// Write stores b at addr; if it fails some of it may have been stored.
func (s *Space) Write(addr uint64, b []byte) error {
	return s.all("write", addr, b, s.vmWrite)
}

func (s *Space) all(verb string, addr uint64, b []byte, do func(uint64, []byte) (int, unix.Errno)) error {
	n, errno := do(addr, b)
	if n == len(b) {
		return nil
	}
	if errno == 0 { // it came to what it may not
		errno = unix.EFAULT
	}
	return s.failed(verb, addr, len(b), errno)
}

func (s *Space) vmRead(addr uint64, b []byte) (int, unix.Errno) {
	n, err := vmRead(int(s.task.Load()), addr, b)
	if err == unix.ESRCH && s.retarget() {
		n, err = vmRead(int(s.task.Load()), addr, b)
	}
	return n, err
}

func (s *Space) vmWrite(addr uint64, b []byte) (int, unix.Errno) {
	n, err := vmWrite(int(s.task.Load()), addr, b)
	if err == unix.ESRCH && s.retarget() {
		n, err = vmWrite(int(s.task.Load()), addr, b)
	}
	return n, err
}

// retarget finds another thread of the process: one that has ended, as the
// first may before the others, has no memory any more.
func (s *Space) retarget() bool {
	dir, err := os.Open("/proc/" + strconv.Itoa(s.pid) + "/task")
	if err != nil {
		return false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(0)
	if err != nil {
		return false
	}
	for _, name := range names {
		tid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		var b [1]byte
		if _, err := vmRead(tid, 0, b[:]); err != unix.ESRCH { // EFAULT: it has memory, if not there
			s.task.Store(int32(tid))
			return true
		}
	}
	return false
}

// maxAddr keeps file offsets positive; user addresses end far below.
const maxAddr = 1<<63 - 1

// noProgress: the end of /proc/pid/mem means that the address space is gone.
func noProgress(err error) error {
	if err == nil || err == io.EOF {
		return unix.ESRCH
	}
	return err
}

func (s *Space) failed(verb string, addr uint64, n int, err error) error {
	return fmt.Errorf("%s %d bytes at %#x of process %d: %w", verb, n, addr, s.pid, err)
}

// ReadString reads the zero-terminated string at addr without its zero. It
// never touches the page after the one that holds the zero. More than max
// bytes are ENAMETOOLONG.
func (s *Space) ReadString(addr uint64, max int) (string, error) {
	const page = 4096
	var buf [256]byte
	var all []byte
	for len(all) <= max {
		at := addr + uint64(len(all))
		piece := buf[:min(len(buf), max+1-len(all), int(page-at%page))]
		if err := s.Read(at, piece); err != nil {
			return "", err
		}
		for i, c := range piece {
			if c == 0 {
				return string(append(all, piece[:i]...)), nil
			}
		}
		all = append(all, piece...)
	}
	return "", s.failed("read string of at most", addr, max, unix.ENAMETOOLONG)
}
