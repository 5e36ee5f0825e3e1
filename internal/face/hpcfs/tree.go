package hpcfs

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/node/control"
)

// maxWritten bounds what is written at once: the longest sum of mignodes fits.
const maxWritten = 32 << 10

// path of a file, for people.
func (f *file) path(number int) string {
	for _, p := range places {
		if p.place != f.in {
			continue
		}
		if p.numbered {
			return p.dir + "/" + strconv.Itoa(number) + "/" + f.name
		}
		return p.dir + "/" + f.name
	}
	return f.name
}

// remember keeps an error for lasterror.
func (c *call) remember(path string, err error) {
	c.lastErrors.put(c.asker(), line(path+": "+err.Error()))
}

// readFile gives what a file shows.
func (c *call) readFile(ctx context.Context, f *file) (string, error) {
	text, err := f.read(ctx, c)
	if err != nil {
		c.remember(f.path(c.number), err)
		return "", err
	}
	return text, nil
}

// writeFile does what was written to a file.
func (c *call) writeFile(ctx context.Context, f *file, data []byte) error {
	err := invalid("more than %d bytes", maxWritten)
	if len(data) <= maxWritten {
		err = f.write(ctx, c, strings.TrimSpace(string(data)))
	}
	if err != nil {
		c.remember(f.path(c.number), err)
	}
	return err
}

// members lists the numbers that have a directory.
func (c *call) members(ctx context.Context, p place) ([]int, error) {
	var numbers []int
	switch p {
	case node:
		r, err := c.ask(ctx, control.Request{Verb: control.Nodes})
		if err != nil {
			return nil, err
		}
		for _, n := range r.Nodes {
			numbers = append(numbers, n.Number)
		}
	case guest:
		r, err := c.ask(ctx, control.Request{Verb: control.Lent})
		if err != nil {
			return nil, err
		}
		for _, g := range r.Lent {
			numbers = append(numbers, g.PID)
		}
	case process:
		return c.Proc.Pids()
	}
	return numbers, nil
}

// has tells whether a number has a directory.
func (c *call) has(ctx context.Context, p place, number int) (bool, error) {
	var err error
	switch p {
	case node:
		_, err = c.node(ctx, number)
	case guest:
		_, err = c.guestOf(ctx, number)
	case process:
		var status *procfs.Status
		if status, err = c.Proc.Status(number); errors.Is(err, procfs.ErrGone) || err == nil && status.Tgid != number {
			return false, nil
		}
	}
	if no := errnoOf(err); no == syscall.ENXIO || no == syscall.ESRCH {
		return false, nil
	}
	return err == nil, err
}

// numberOf reads the name of a directory: a number in its only spelling.
func numberOf(name string) (int, bool) {
	n, err := strconv.Atoi(name)
	return n, err == nil && n > 0 && n < 1<<31 && strconv.Itoa(n) == name
}

// processOf finds the process of a thread; 0: it cannot be seen from here.
func (t *Tree) processOf(tid int) int {
	if tid <= 0 {
		return 0
	}
	status, err := t.Proc.Status(tid)
	if err != nil {
		return 0
	}
	return status.Tgid
}

// ownerOf is whose the files of a process are; root's where it has ended.
func (t *Tree) ownerOf(f place, number int) (uid, gid uint32) {
	if f != process {
		return 0, 0
	}
	status, err := t.Proc.Status(number)
	if err != nil {
		return 0, 0
	}
	return uint32(status.Uid[0]), uint32(status.Gid[0])
}
