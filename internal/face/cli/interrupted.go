package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"openmosix/internal/linux/birth"
)

// interrupted is why a command ends to which a signal has been sent. What it has asked a daemon for
// goes on: a command of which something does says so, others say nothing, as any program.
type interrupted struct {
	by   syscall.Signal
	text string
}

func (i *interrupted) Error() string { return i.text }

// interruptible is a context that ends with SIGINT and SIGTERM, but for one that
// the caller has this program ignore.
func interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	var ends []os.Signal
	for _, s := range birth.Heeded(syscall.SIGINT, syscall.SIGTERM) {
		ends = append(ends, s)
	}
	if len(ends) == 0 { // to Notify no signal is every signal
		return ctx, func() { cancel(nil) }
	}
	sent := make(chan os.Signal, 1)
	signal.Notify(sent, ends...)
	go func() {
		select {
		case s := <-sent:
			cancel(&interrupted{by: s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(sent)
		cancel(nil)
	}
}

// saying is an error with words about what goes on, if it is that of a command interrupted.
func saying(err error, text string) error {
	var i *interrupted
	if !errors.As(err, &i) {
		return err
	}
	return &interrupted{by: i.by, text: "interrupted: " + text}
}

// dieOf ends this program by the signal that it was to be ended by: a shell ends a loop only when it
// sees that. It returns when the signal is blocked.
func dieOf(s syscall.Signal) int {
	runtime.LockOSThread() // to a thread of its own it comes before the call returns
	defer runtime.UnlockOSThread()
	signal.Reset(s)
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), s)
	return 128 + int(s)
}
