// Package procfs reads what proc(5) tells of processes.
//
// Each file format has a pure parser from bytes (ParseMaps, ParseStat, …) and
// a method of FS that reads the file and parses it. The kernel writes these
// files, but names in them (comm, paths, names of memory) are chosen by the
// processes and may hold any byte, so the parsers trust nothing and never
// panic.
//
// It is not a place for judgement: what a mapping or a descriptor means for a
// move is decided elsewhere. Nothing here is cached; each call reads afresh,
// and a running process may change between two calls. Values are owned by the
// caller and no method keeps state, so everything may be used concurrently.
package procfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"openmosix/internal/linux/kernelfile"
)

// FS is the place where a proc file system is mounted, usually "/proc".
type FS string

// ErrGone reports that the process or thread does not exist (any more).
var ErrGone = errors.New("no such process")

// Path names a file of a process.
func (f FS) Path(pid int, name string) string {
	return string(f) + "/" + strconv.Itoa(pid) + "/" + name
}

// TaskPath names a file of one thread of a process.
func (f FS) TaskPath(pid, tid int, name string) string {
	return f.Path(pid, "task/"+strconv.Itoa(tid)+"/"+name)
}

// How much is asked for at once. What is read is garbage as soon as it has been parsed, and
// of a process that rests some of these files are read each second.
const (
	// little is enough for a few lines, or for the many short ones of status.
	little = 2 << 10
	// much is for a usual maps file: seq files are handed out in pieces of whole
	// records, and each further read lets a running process change in between.
	much = 16 << 10
)

// read returns the whole file.
func read(path string, room int) ([]byte, error) {
	b, err := kernelfile.ReadAtOnce(path, room)
	if err != nil {
		return nil, gone(err)
	}
	return b, nil
}

// gone maps the two ways in which proc says "no such process" (the directory
// is missing; it vanished after the file was opened) to ErrGone.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%w (%w)", ErrGone, err)
	}
	return err
}

// parsed reads a file and runs its parser, naming the file in errors.
func parsed[T any](path string, room int, parse func([]byte) (T, error)) (T, error) {
	var value T
	b, err := read(path, room)
	if err == nil {
		value, err = parse(b)
	}
	if err != nil {
		return value, fmt.Errorf("read %s: %w", path, err)
	}
	return value, nil
}

// Link is what a link of a process's directory says, such as ns/mnt or cwd; empty if it cannot be read.
func (f FS) Link(pid int, name string) string {
	to, err := os.Readlink(f.Path(pid, name))
	if err != nil {
		return ""
	}
	return to
}
