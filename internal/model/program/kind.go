// Package program names programs by what they are run for, so that what is known of runs can be
// told between who sees them begin and who remembers them.
package program

import (
	"slices"
	"strings"
)

const (
	// mostOptions of a command line tell its kind, and longestOption bytes of each.
	mostOptions   = 32
	longestOption = 24
)

// Kind names what a program is run for, as far as its options say: a compiler that
// lists the headers of a file (-M) is done in a tenth of the time of one that compiles
// it. Options of a letter count by that letter (-I/usr/include as -I), long ones by
// what is before their value. What is no option is none of it: of the next file the
// same is expected.
func Kind(path string, args []string) string {
	var options []string
	for _, arg := range args[min(1, len(args)):] {
		if arg == "--" || len(options) == mostOptions {
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			continue
		}
		option := arg[:2]
		if arg[1] == '-' {
			option, _, _ = strings.Cut(arg, "=")
			option = option[:min(len(option), longestOption)]
		}
		options = append(options, strings.ToValidUTF8(option, "?"))
	}
	slices.Sort(options)
	return strings.Join(append([]string{path}, slices.Compact(options)...), " ")
}
