// Package names is what a guest's side may answer of names in the file system
// at home without asking: that a name is not there, or that it is no symbolic
// link. Compilers, linkers and interpreters ask this of the same names again and
// again while they search.
//
// Home tells a fact only of names that it watches, and takes it back before it
// tells anything else (see role/deputy): so a process can never see a name as it
// was before something it can know of.
//
// Pure. A Table is used under its owner's lock.
package names

import (
	"strings"

	"openmosix/internal/model/abi"
)

// Fact is what is known of a name.
type Fact uint8

// Facts. They hold for every user that may search the directories on the way.
const (
	Unknown   Fact = iota
	Absent         // nothing has this name, and so nothing is below it
	NotLink        // something has it that is no symbolic link
	Directory      // ... but a directory
)

// Bounds of what is kept and told.
const (
	MaxFacts = 1 << 14
	MaxPath  = 1024
	maxName  = 255
)

// Clean tells whether a path is absolute and names each directory on the way
// once, as it is: facts are about such paths only.
func Clean(path string) bool {
	if len(path) < 2 || len(path) > MaxPath || path[0] != '/' {
		return false
	}
	for name := range strings.SplitSeq(path[1:], "/") {
		if name == "" || name == "." || name == ".." || len(name) > maxName || strings.IndexByte(name, 0) >= 0 {
			return false
		}
	}
	return true
}

// Resolve makes a path below a directory absolute and clean; "": it cannot. A ".."
// is taken away with the name before it, which is right if that is a directory and
// no symbolic link: isDirectory is asked for it, unless it is on the way to the
// working directory, whose path has no links.
func Resolve(directory, path string, isDirectory func(path string) bool) string {
	if path == "" || len(path) > MaxPath || path[len(path)-1] == '/' {
		return ""
	}
	at := ""        // what there is so far: clean, or empty for "/"
	sure := len(at) // up to here it is made of directories
	if path[0] != '/' {
		if directory == "" {
			return ""
		}
		if directory != "/" {
			at = directory
		}
		sure = len(at)
	}
	for name := range strings.SplitSeq(path, "/") {
		switch {
		case name == "":
			continue // the kernel passes over several slashes
		case name != "." && name != "..":
			at += "/" + name
			continue
		case len(at) > sure && !isDirectory(at):
			return ""
		}
		if name == ".." {
			at = at[:max(strings.LastIndexByte(at, '/'), 0)]
			sure = min(sure, len(at))
		}
	}
	if !Clean(at) {
		return ""
	}
	return at
}

// Parents gives the directories on the way to a clean path, "/" first.
func Parents(path string) []string {
	all := []string{"/"}
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			all = append(all, path[:i])
		}
	}
	return all
}

// Below tells whether a clean path is another one or lies below it.
func Below(path, top string) bool {
	return path == top || top == "/" || len(path) > len(top) && path[len(top)] == '/' && path[:len(top)] == top
}

// Table holds facts by clean path. The zero value is empty.
type Table struct {
	facts map[string]Fact
}

// Learn notes a fact; one too many is not noted.
func (t *Table) Learn(path string, f Fact) {
	if t.facts == nil {
		t.facts = make(map[string]Fact)
	}
	before, known := t.facts[path]
	if before == Directory && f == NotLink {
		return // that is less
	}
	if known || len(t.facts) < MaxFacts {
		t.facts[path] = f
	}
}

// Forget drops what is known of a name, and of all below it if it may be a
// directory.
func (t *Table) Forget(top string, directory bool) { Forget(t.facts, top, directory) }

// Forget drops what is kept by a clean path, and by all below it if it may be a directory.
func Forget[T any](kept map[string]T, top string, directory bool) {
	delete(kept, top)
	if !directory {
		return
	}
	for path := range kept {
		if Below(path, top) {
			delete(kept, path)
		}
	}
}

// IsDirectory tells whether a clean path is known to be a directory's.
func (t *Table) IsDirectory(path string) bool { return t.facts[path] == Directory }

// Has tells whether anything is known of this very name.
func (t *Table) Has(path string) bool { return t.facts[path] != Unknown }

// Look tells what is known of a path as a process gave it, without a copy; Unknown also if the
// path is not clean.
func Look[P string | []byte](t *Table, path P) Fact {
	if len(path) < 2 || path[0] != '/' || len(t.facts) == 0 {
		return Unknown
	}
	for i, from := 1, 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		switch name := path[from:i]; {
		case len(name) == 0 || len(name) > maxName:
			return Unknown
		case name[0] == '.' && (len(name) == 1 || len(name) == 2 && name[1] == '.'):
			return Unknown
		case i < len(path) && t.facts[string(path[:i])] == Absent:
			return Absent
		}
		from = i + 1
	}
	return t.facts[string(path)]
}

// Len is how many facts there are.
func (t *Table) Len() int { return len(t.facts) }

// Answer gives the error with which a call ends for which f holds of its path;
// 0: the fact does not tell.
func (q Question) Answer(f Fact) abi.Errno {
	switch {
	case f == Absent:
		return abi.ENOENT
	case (f == NotLink || f == Directory) && q.Link:
		return abi.EINVAL
	}
	return 0
}

// Learnt gives the fact that the result of a call shows.
func (q Question) Learnt(ret int64) Fact {
	switch {
	case ret == -int64(abi.ENOENT):
		return Absent
	case ret == -int64(abi.EINVAL) && q.Link:
		return NotLink
	}
	return Unknown
}
