package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Turns is what /proc/pid/task/tid/schedstat tells of a thread. Kernels without
// schedule statistics show zeros.
type Turns struct {
	Ran    time.Duration // on a CPU
	Waited time.Duration // for a CPU, while it could have run
}

// Turns sums over the threads that a process has now. What threads that have
// ended ran and waited is not in it.
func (f FS) Turns(pid int) (Turns, error) {
	tids, err := f.Threads(pid)
	if err != nil {
		return Turns{}, err
	}
	var sum Turns
	for _, tid := range tids {
		t, err := f.ThreadTurns(pid, tid)
		if errors.Is(err, ErrGone) {
			continue
		} else if err != nil {
			return Turns{}, err
		}
		sum.Ran += t.Ran
		sum.Waited += t.Waited
	}
	return sum, nil
}

// ThreadTurns is Turns of one thread. What it waited is added when it gets a CPU.
func (f FS) ThreadTurns(pid, tid int) (Turns, error) {
	return parsed(f.TaskPath(pid, tid, "schedstat"), little, ParseTurns)
}

// ParseTurns parses a schedstat file: nanoseconds run and waited, and a count.
func ParseTurns(b []byte) (Turns, error) {
	ran, b := field(b)
	waited, _ := field(b)
	r, ok1 := number(ran, 10)
	w, ok2 := number(waited, 10)
	if !ok1 || !ok2 || r > 1<<62 || w > 1<<62 {
		return Turns{}, fmt.Errorf("schedstat without two times: %w", errFormat)
	}
	return Turns{time.Duration(r), time.Duration(w)}, nil
}

// Transfers is what /proc/pid/io tells of read and write calls of all kinds,
// wherever the data came from.
type Transfers struct {
	Calls uint64
	Bytes uint64
}

// Transfers of a process since it began. To read them takes the right to trace it.
func (f FS) Transfers(pid int) (Transfers, error) {
	return parsed(f.Path(pid, "io"), little, ParseTransfers)
}

// ParseTransfers parses /proc/pid/io.
func ParseTransfers(b []byte) (Transfers, error) {
	var t Transfers
	found := 0
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		key, value, _ := bytes.Cut(l, []byte(": "))
		var to *uint64
		switch string(key) {
		case "rchar", "wchar":
			to = &t.Bytes
		case "syscr", "syscw":
			to = &t.Calls
		default:
			continue
		}
		n, ok := number(value, 10)
		if !ok {
			return Transfers{}, fmt.Errorf("io counts %q: %w", l, errFormat)
		}
		*to += n
		found++
	}
	if found != 4 {
		return Transfers{}, fmt.Errorf("io lacks counts: %w", errFormat)
	}
	return t, nil
}

// Cgroups are the paths of the control groups of a process, one for each
// hierarchy, without doubles.
func (f FS) Cgroups(pid int) ([]string, error) {
	return parsed(f.Path(pid, "cgroup"), little, ParseCgroups)
}

// ParseCgroups parses /proc/pid/cgroup: lines of hierarchy, controllers, path.
func ParseCgroups(b []byte) ([]string, error) {
	var paths []string
	seen := map[string]bool{}
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		parts := strings.SplitN(string(l), ":", 3)
		if len(parts) == 3 && !seen[parts[2]] {
			seen[parts[2]] = true
			paths = append(paths, parts[2])
		}
	}
	return paths, nil
}

// StatIn is Stat with a buffer of the caller's, for who reads very many.
func (f FS) StatIn(buffer []byte, pid int) (*Stat, error) {
	file, err := os.Open(f.Path(pid, "stat"))
	if err != nil {
		return nil, gone(err)
	}
	defer file.Close()
	n, err := io.ReadFull(file, buffer) // one record: the kernel gives it whole
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, gone(err)
	}
	return ParseStat(buffer[:n])
}
