// Package birth knows how signals stood when this program was started, and
// gives them to a program that takes its place.
//
// What is ignored and what is blocked passes through execve(2). Go's runtime
// installs handlers for nearly every signal before any Go code runs, and a
// handled signal is a default one to the next program: what `nohup` or
// `trap "" TERM` had asked for would be lost. So a few instructions look before
// the runtime does. The linker must be told to begin there:
//
//	-ldflags '-E openmosix/internal/linux/birth.entry'
//
// In a program that was linked otherwise (a test) only what the runtime itself
// respects is known: SIGHUP and SIGINT. Nothing here is for the process's life
// in between; that is os/signal's.
package birth

import (
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// last is the highest signal of the kernel.
const last = 64

// found is what entry saw: a set has bit s-1 for signal s. It is written before
// the runtime starts, and never again.
var found struct {
	ignored, blocked uint64
	looked           uint64    // 1: the program began at entry
	_                [4]uint64 // where entry is told of one signal
}

// Known tells whether the program began at entry.
func Known() bool { return found.looked == 1 }

// Ignored tells whether a signal was ignored when the program was started.
func Ignored(s syscall.Signal) bool {
	if !Known() {
		return signal.Ignored(s)
	}
	return s >= 1 && s <= last && found.ignored&(1<<(s-1)) != 0
}

// Heeded leaves out the signals that were ignored: whoever started the program
// does not want it to end by them.
func Heeded(all ...syscall.Signal) []syscall.Signal {
	var some []syscall.Signal
	for _, s := range all {
		if !Ignored(s) {
			some = append(some, s)
		}
	}
	return some
}

// Exec is execve(2), after which signals are ignored and blocked as they were
// when this program was started. It returns only when it fails.
func Exec(path string, argv, environment []string) error {
	// The mask is the thread's that calls execve.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signal.Reset()
	if Known() {
		for s := syscall.Signal(1); s <= last; s++ {
			if Ignored(s) {
				ignore(s)
			}
		}
		mask := unix.Sigset_t{Val: [16]uint64{found.blocked}}
		if err := unix.PthreadSigmask(unix.SIG_SETMASK, &mask, nil); err != nil {
			return err
		}
	}
	return syscall.Exec(path, argv, environment)
}
