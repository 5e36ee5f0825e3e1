package hpcfs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// callError is why a call fails: for the kernel, and in words for lasterror.
type callError struct {
	errno syscall.Errno
	text  string
}

func (e *callError) Error() string { return e.text }

var (
	errGone    = &callError{syscall.ESRCH, "no such process"}
	errStrange = &callError{syscall.EIO, "the node daemon's answer is not understood (file system and daemon of different versions?)"}
)

func invalid(format string, args ...any) error {
	return &callError{syscall.EINVAL, fmt.Sprintf(format, args...)}
}

// errnoOfCode is the table of the manual page's section ERRORS; a test compares.
// A code that is not in it is EIO.
var errnoOfCode = map[supervisor.Code]syscall.Errno{
	control.BadRequest:       syscall.EINVAL,
	control.NotPermitted:     syscall.EPERM,
	supervisor.NoSuchProcess: syscall.ESRCH,
	control.Ended:            syscall.ESRCH,
	supervisor.CannotMove:    syscall.ENOTSUP,
	supervisor.UnknownNode:   syscall.ENXIO,
	supervisor.Refused:       syscall.EBUSY,
	supervisor.NoMemory:      syscall.ENOMEM,
	supervisor.Unreachable:   syscall.EHOSTUNREACH,
	supervisor.Busy:          syscall.EALREADY,
	supervisor.Internal:      syscall.EIO,
}

// refusalOf makes the daemon's no an error. That a process is where it is to go
// is none: what was wished holds.
func refusalOf(r *control.Result) error {
	if r.Code == "" || r.Code == supervisor.AlreadyThere {
		return nil
	}
	errno, known := errnoOfCode[r.Code]
	if !known {
		errno = syscall.EIO
	}
	return &callError{errno, r.Text}
}

// failure is why there is no answer.
func failure(err error) error {
	errno := syscall.EIO
	switch {
	case errors.Is(err, control.ErrNotRunning):
		errno = syscall.ECONNREFUSED
	case errors.Is(err, context.Canceled):
		return &callError{syscall.EINTR, "interrupted; what was asked for goes on"}
	case errors.Is(err, context.DeadlineExceeded):
		return &callError{syscall.ETIMEDOUT, "the node daemon does not answer"}
	}
	return &callError{errno, err.Error()}
}

func errnoOf(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	var e *callError
	if errors.As(err, &e) {
		return e.errno
	}
	return syscall.EIO
}

// asker is for whom an error is remembered. A script's cat is another process
// than its echo; user and session are what they share.
type asker struct {
	uid     uint32
	session int
}

// maxErrors bounds how many are remembered; the oldest go.
const maxErrors = 256

type lastErrors struct {
	mu    sync.Mutex
	texts map[asker]string
	order []asker // oldest first
}

func (l *lastErrors) put(a asker, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.texts == nil {
		l.texts = make(map[asker]string)
	}
	if _, known := l.texts[a]; !known {
		if len(l.order) == maxErrors {
			delete(l.texts, l.order[0])
			l.order = l.order[1:]
		}
		l.order = append(l.order, a)
	}
	l.texts[a] = text
}

func (l *lastErrors) get(a asker) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.texts[a]
}

// asker of a call.
func (c *call) asker() asker {
	a := asker{uid: c.opener.UID}
	if stat, err := c.Proc.Stat(c.pid); err == nil {
		a.session = stat.Session
	}
	return a
}

func outcomeText(o control.Outcome) string {
	return fmt.Sprintf("process %d of node %d is still on node %d: %s", o.PID, o.Home, o.Node, o.Text)
}
