package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
)

// FD is one open descriptor: the link in fd/ and what fdinfo/ says of it.
type FD struct {
	Number  int
	Target  string // "/path", "socket:[1]", "anon_inode:[eventfd]", …
	Flags   uint32 // open flags; O_CLOEXEC tells the descriptor's own flag
	Pos     int64
	Ino     uint64
	SigMask uint64 // signalfd
	Pid     int    // pidfd: of whom
}

// FDs returns the open descriptors of a process, ascending. A descriptor that
// is closed while we look is left out.
func (f FS) FDs(pid int) ([]FD, error) {
	numbers, err := f.FDNumbers(pid)
	if err != nil {
		return nil, err
	}
	all := make([]FD, 0, len(numbers))
	for _, n := range numbers {
		fd, err := f.FD(pid, n)
		if errors.Is(err, ErrGone) {
			continue
		} else if err != nil {
			return nil, err
		}
		all = append(all, fd)
	}
	return all, nil
}

// FDNumbers lists the numbers of a process's open descriptors, ascending.
func (f FS) FDNumbers(pid int) ([]int, error) { return f.numbers(f.Path(pid, "fd")) }

// FD returns one open descriptor of a process; ErrGone: it is not open.
func (f FS) FD(pid, number int) (FD, error) {
	target, err := os.Readlink(f.Path(pid, "fd/"+strconv.Itoa(number)))
	if gone := gone(err); errors.Is(gone, ErrGone) {
		return FD{}, gone
	} else if err != nil {
		return FD{}, fmt.Errorf("read descriptor %d: %w", number, err)
	}
	fd, err := parsed(f.Path(pid, "fdinfo/"+strconv.Itoa(number)), little, ParseFDInfo)
	fd.Number, fd.Target = number, target
	return fd, err
}

// ParseFDInfo parses /proc/pid/fdinfo/n; keys it does not know are skipped.
func ParseFDInfo(b []byte) (FD, error) {
	var fd FD
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		key, value, _ := bytes.Cut(l, []byte{':'})
		switch string(key) {
		case "pos":
			word, _ := field(value)
			fd.Pos, _ = strconv.ParseInt(string(word), 10, 64)
		case "flags":
			fd.Flags = uint32(word64(value, 8))
		case "ino":
			fd.Ino = word64(value, 10)
		case "sigmask":
			fd.SigMask = word64(value, 16)
		case "Pid":
			fd.Pid = first(value)
		}
	}
	return fd, nil
}

// numbers lists a directory whose entries are numbers, ascending.
func (f FS) numbers(dir string) ([]int, error) {
	open, err := os.Open(dir)
	if err != nil {
		return nil, gone(err)
	}
	defer open.Close()
	names, err := open.Readdirnames(-1)
	if err != nil {
		return nil, gone(err)
	}
	all := make([]int, 0, len(names))
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, nil
}
