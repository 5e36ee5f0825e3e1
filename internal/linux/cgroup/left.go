package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Left tells how many more processes and threads may be made in the group of this
// process. It may be asked by several goroutines.
type Left struct{ levels []level }

// level is one group that limits: the own one, or one around it.
type level struct{ current, limit *os.File }

// OwnLeft opens what counts the processes of the group of this process and of those
// around it that have a limit; an error: nothing counts them. Limits that groups around
// get later are not seen.
func OwnLeft() (*Left, error) {
	all, err := Hierarchies()
	if err != nil {
		return nil, err
	}
	return leftIn(all)
}

func leftIn(all []Hierarchy) (*Left, error) {
	l := &Left{}
	for _, h := range all {
		if !slices.Contains(h.Controllers, PIDs) {
			continue
		}
		own := true
		for dir := range h.upwards {
			if err := l.add(dir, own); err != nil {
				l.close()
				return nil, err
			}
			own = false
		}
	}
	if len(l.levels) == 0 {
		return nil, fmt.Errorf("%w that counts processes", ErrNone)
	}
	return l, nil
}

// add opens what counts in a group, if anything does (nothing in a machine's root does)
// and, unless always, if it has a limit.
func (l *Left) add(dir string, always bool) error {
	limit, err := os.Open(filepath.Join(dir, "pids.max"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, limited, err := number(limit); err != nil || !limited && !always {
		_ = limit.Close()
		return err
	}
	current, err := os.Open(filepath.Join(dir, "pids.current"))
	if err != nil {
		_ = limit.Close()
		return err
	}
	l.levels = append(l.levels, level{current, limit})
	return nil
}

func (l *Left) close() {
	for _, at := range l.levels {
		_ = at.current.Close()
		_ = at.limit.Close()
	}
}

// Count is how many, negative if a limit was lowered; limited is false where there is none.
func (l *Left) Count() (left int, limited bool, err error) {
	for _, at := range l.levels {
		most, is, err := number(at.limit)
		if err != nil {
			return 0, false, err
		}
		if !is {
			continue
		}
		now, _, err := number(at.current)
		if err != nil {
			return 0, false, err
		}
		if !limited || most-now < left {
			left, limited = most-now, true
		}
	}
	return left, limited, nil
}

// number reads the number in a file of the kernel that stays open; false: it is "max".
func number(f *os.File) (int, bool, error) {
	var b [32]byte
	n, err := f.ReadAt(b[:], 0)
	text := strings.TrimSpace(string(b[:n]))
	if text == "max" {
		return 0, false, nil
	}
	if n == 0 {
		return 0, false, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	most, err := strconv.Atoi(text)
	if err != nil {
		return 0, false, fmt.Errorf("parse %s: %w", f.Name(), err)
	}
	return most, true, nil
}
