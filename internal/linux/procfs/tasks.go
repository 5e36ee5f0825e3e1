package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Pids lists all processes, ascending.
func (f FS) Pids() ([]int, error) { return f.numbers(string(f)) }

// Threads lists the threads of a process, ascending; the leader's number is the pid.
func (f FS) Threads(pid int) ([]int, error) {
	all, err := f.numbers(f.Path(pid, "task"))
	if err == nil && len(all) == 0 {
		err = ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("list threads of %d: %w", pid, err)
	}
	return all, nil
}

// Children lists the children of all threads of a process, ascending. Each
// thread has a list of its own; kernels without these lists (no
// CONFIG_PROC_CHILDREN) are asked for every process's parent instead.
func (f FS) Children(pid int) ([]int, error) {
	tids, err := f.Threads(pid)
	if err != nil {
		return nil, err
	}
	var all []int
	for _, tid := range tids {
		b, err := read(f.TaskPath(pid, tid, "children"), much)
		switch {
		case errors.Is(err, ErrGone):
			if _, missing := os.Stat(f.TaskPath(pid, tid, "stat")); missing == nil {
				return f.childrenByParent(pid)
			}
		case err != nil:
			return nil, fmt.Errorf("list children of %d: %w", pid, err)
		default:
			all = append(all, integers(b)...)
		}
	}
	slices.Sort(all)
	return all, nil
}

func (f FS) childrenByParent(pid int) ([]int, error) {
	pids, err := f.Pids()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	return slices.DeleteFunc(pids, func(p int) bool {
		s, err := f.Stat(p)
		return err != nil || s.PPid != pid
	}), nil
}

// Auxv returns the auxiliary vector as the kernel keeps it.
func (f FS) Auxv(pid int) ([]byte, error) {
	return parsed(f.Path(pid, "auxv"), little, func(b []byte) ([]byte, error) {
		if len(b)%16 != 0 {
			return nil, fmt.Errorf("%d bytes are no vector of 64-bit pairs: %w", len(b), errFormat)
		}
		return b, nil
	})
}

// Cmdline returns the arguments; empty for kernel threads and zombies.
func (f FS) Cmdline(pid int) ([]string, error) {
	return parsed(f.Path(pid, "cmdline"), much, func(b []byte) ([]string, error) {
		var all []string
		for word := range bytes.SplitSeq(bytes.TrimSuffix(b, []byte{0}), []byte{0}) {
			all = append(all, string(word))
		}
		if len(b) == 0 {
			return nil, nil
		}
		return all, nil
	})
}

// Environ returns the environment the program was started with, as far as the
// process has left it where it was.
func (f FS) Environ(pid int) ([]string, error) {
	return parsed(f.Path(pid, "environ"), much, func(b []byte) ([]string, error) {
		var all []string
		for word := range bytes.SplitSeq(bytes.TrimSuffix(b, []byte{0}), []byte{0}) {
			all = append(all, string(word))
		}
		return all, nil
	})
}

// Now is the time since the machine was started in the ticks of Stat.StartTime:
// /proc/uptime has as many digits as there are ticks in a second.
func (f FS) Now() (uint64, error) {
	return parsed(string(f)+"/uptime", little, func(b []byte) (uint64, error) {
		word, _ := field(b)
		whole, part, ok := bytes.Cut(word, []byte("."))
		seconds, ok2 := number(whole, 10)
		ticks, ok3 := number(part, 10)
		if !ok || !ok2 || !ok3 || len(part) != 2 {
			return 0, fmt.Errorf("%q is no time: %w", word, errFormat)
		}
		return seconds*100 + ticks, nil
	})
}

// Exe returns the path of the executable, without " (deleted)". A kernel
// thread has none: ErrGone.
func (f FS) Exe(pid int) (string, error) {
	target, err := os.Readlink(f.Path(pid, "exe"))
	if err != nil {
		return "", fmt.Errorf("read executable of %d: %w", pid, gone(err))
	}
	name, _ := bytes.CutSuffix([]byte(target), deleted)
	return string(name), nil
}
