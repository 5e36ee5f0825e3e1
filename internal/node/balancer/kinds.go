package balancer

import (
	"slices"
	"strings"
)

const (
	// mostOptions of a command line tell its kind, and longestOption bytes of each.
	mostOptions   = 32
	longestOption = 24
)

// kind names what a program is run for, as far as its options say: a compiler that
// lists the headers of a file (-M) is done in a tenth of the time of one that compiles
// it. Options of a letter count by that letter (-I/usr/include as -I), long ones by
// what is before their value. What is no option is none of it: of the next file the
// same is expected.
func kind(program string, args []string) string {
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
	return strings.Join(append([]string{program}, slices.Compact(options)...), " ")
}

// kindOf asks the kernel for the arguments of a process that has just executed a
// program.
func (b *Balancer) kindOf(pid int, program string) string {
	args, err := b.o.Proc.Cmdline(pid)
	if err != nil {
		return program
	}
	return kind(program, args)
}
