// Package logging makes the log of a daemon fit for who reads it: people at a
// terminal, programs that want JSON, and systemd's journal, which has its own
// clock and takes the level as a number in front of the line (sd-daemon(3)).
//
// It also reads the lines that supervisors write, so that their levels stay
// what they were when the daemon passes them on.
package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Formats of a line.
const (
	Text = "text"
	JSON = "json"
)

// Options of a log.
type Options struct {
	Format  string
	Level   slog.Leveler
	Journal bool // Out is read by systemd's journal
}

// New makes a log. One line is one write.
func New(out io.Writer, o Options) *slog.Logger {
	options := &slog.HandlerOptions{Level: o.Level}
	if !o.Journal {
		return slog.New(inner(out, o.Format, options))
	}
	options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	w := &prefixing{out: out}
	return slog.New(&journal{Handler: inner(w, o.Format, options), w: w})
}

func inner(out io.Writer, format string, options *slog.HandlerOptions) slog.Handler {
	if format == JSON {
		return slog.NewJSONHandler(out, options)
	}
	return slog.NewTextHandler(out, options)
}

// ToJournal tells whether a file is the stream that systemd has connected to
// its journal. value is that of JOURNAL_STREAM, which children inherit whose
// standard error is something else: device and inode tell (systemd.exec(5)).
func ToJournal(f *os.File, value string) bool {
	device, inode, ok := strings.Cut(value, ":")
	if !ok {
		return false
	}
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil {
		return false
	}
	return device == strconv.FormatUint(st.Dev, 10) && inode == strconv.FormatUint(st.Ino, 10)
}

// journal puts the level in front of each line.
type journal struct {
	slog.Handler
	w *prefixing
}

// Handle implements slog.Handler.
func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	j.w.mu.Lock()
	defer j.w.mu.Unlock()
	j.w.priority = priority(r.Level)
	return j.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (j *journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &journal{Handler: j.Handler.WithAttrs(attrs), w: j.w}
}

// WithGroup implements slog.Handler.
func (j *journal) WithGroup(name string) slog.Handler {
	return &journal{Handler: j.Handler.WithGroup(name), w: j.w}
}

// prefixing is written to once for each line, under mu.
type prefixing struct {
	mu       sync.Mutex
	out      io.Writer
	priority int
}

func (w *prefixing) Write(line []byte) (int, error) {
	if _, err := fmt.Fprintf(w.out, "<%d>%s", w.priority, line); err != nil {
		return 0, err
	}
	return len(line), nil
}

// priority is syslog(3)'s.
func priority(l slog.Level) int {
	const err, warning, info, debug = 3, 4, 6, 7
	switch {
	case l >= slog.LevelError:
		return err
	case l >= slog.LevelWarn:
		return warning
	case l >= slog.LevelInfo:
		return info
	}
	return debug
}
