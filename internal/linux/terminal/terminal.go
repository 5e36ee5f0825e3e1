// Package terminal tells when somebody last typed on a terminal of this machine.
//
// The kernel keeps that as the access time of each terminal's device, to some
// eight seconds. Graphical sessions are seen only by the terminals opened in
// them: keyboards and mice (/dev/input) have no such times.
package terminal

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// devices are those of the console and of virtual and serial lines, and those of
// terminal programs and logins over the network.
var devices = []string{"tty[0-9]*", "ttyS*", "pts/[0-9]*"}

// LastInput is when something was last read from a terminal below dev ("/dev");
// the zero time if there is no terminal.
func LastInput(dev string) time.Time {
	var last time.Time
	for _, pattern := range devices {
		paths, _ := filepath.Glob(filepath.Join(dev, pattern)) // the patterns are right
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil {
				continue // it has been closed
			}
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				if read := time.Unix(st.Atim.Unix()); read.After(last) {
					last = read
				}
			}
		}
	}
	return last
}
