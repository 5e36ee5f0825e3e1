package syscalls

import (
	"bytes"
	"errors"
	"slices"
)

// Programs that go through a directory ask the same of each of its entries. Such a question names it by a path, and
// perhaps a directory's descriptor. Like other questions (IsQuestion) it changes nothing, and does not wait.

// lookPath is the argument with the path of such a question; -1: it is none.
func lookPath(nr int) int {
	switch nr {
	case 4, 6, 21, 191, 192, 194, 195: // l?stat, access, l?(get|list)xattr
		return 0
	case 262, 269, 332, 439: // newfstatat, faccessat, statx, faccessat2
		return 1
	}
	return -1
}

// IsLook tells whether a call asks of what has a name.
func IsLook(nr int) bool { return lookPath(nr) >= 0 }

// LooksBy tells whether the first argument of such a call is a directory's descriptor.
func LooksBy(nr int) bool { return lookPath(nr) == 1 }

// lookPath is the segment with the path of a call that has been gathered, and whether it goes by a directory's descriptor;
// -1: it is no such question, or has none.
func (c *Call) lookPath() (at int, by bool) {
	if !IsLook(c.Nr) {
		return -1, false
	}
	arg := lookPath(c.Nr)
	at = slices.IndexFunc(c.Segs, func(s Segment) bool { return int(s.Arg) == arg })
	return at, LooksBy(c.Nr) && int32(c.Args[0]) != atCWD
}

// Look takes such a call apart that has been gathered: what is asked, which fits for other paths as well, the directory's
// descriptor (0 also if it goes by none), and the path. False: it is none.
func (c *Call) Look() (kind string, fd uint64, path string, is bool) {
	at, by := c.lookPath()
	if at < 0 || len(c.Relocs) > 0 {
		return "", 0, "", false
	}
	s := &c.Segs[at]
	in, ends := bytes.CutSuffix(s.In, []byte{0})
	if !ends || s.Cut || s.Out || int(s.Size) != len(s.In) || bytes.IndexByte(in, 0) >= 0 {
		return "", 0, "", false
	}
	plain := Call{Nr: c.Nr, Args: c.Args, Segs: slices.Clone(c.Segs)}
	plain.Segs[at].In, plain.Segs[at].Size = nil, 0
	if by {
		fd, plain.Args[0] = c.Args[0], 0
	}
	return string(plain.Append(nil)), fd, string(in), true
}

var errLook = errors.New("a question that fits for no path")

// LookAt makes the call that asks this of a path.
func LookAt(kind string, fd uint64, path string) ([]byte, error) {
	c, err := DecodeCall([]byte(kind))
	if err != nil {
		return nil, err
	}
	at, by := c.lookPath()
	if at < 0 {
		return nil, errLook
	}
	c.Segs[at].In = append([]byte(path), 0)
	c.Segs[at].Size = uint32(len(path) + 1)
	if by {
		c.Args[0] = fd
	}
	return c.Append(nil), nil
}

// Names are those of the entries that getdents64(2) has given.
func Names(entries []byte) (names []string) {
	const length, name = 16, 19 // struct linux_dirent64
	for len(entries) > name {
		n := int(le.Uint16(entries[length:]))
		if n <= name || n > len(entries) {
			break
		}
		text, _, ends := bytes.Cut(entries[name:n], []byte{0})
		if s := string(text); ends && s != "." && s != ".." {
			names = append(names, s)
		}
		entries = entries[n:]
	}
	return names
}
