package syscalls

import "slices"

// IsQuestion tells whether a call only asks: it changes nothing at home, does not wait, and what it asks of
// is not a descriptor that other calls may have made another one. readlink(2) is none: it sets a symbolic link's time of access.
func IsQuestion(nr int, a [6]uint64) bool {
	switch nr {
	case 63, 97, 99, 79: // uname, getrlimit, sysinfo, getcwd
		return true
	case 102, 104, 107, 108, 110, 111: // getuid, getgid, geteuid, getegid, getppid, getpgrp
		return true
	case 302: // prlimit64
		return int32(a[0]) == 0 && a[2] == 0
	case 16: // ioctl: what a program asks its standard files
		return a[0] <= 2 && uint32(a[1]) == tcgets
	case 4, 6, 21: // stat, lstat, access
		return true
	case 262, 269, 332, 439: // newfstatat, faccessat, statx, faccessat2
		return int32(a[0]) == atCWD
	}
	return false
}

// Asks is IsQuestion of a call that has been gathered, where a segment stands for an argument that
// was an address.
func (c *Call) Asks() bool {
	a := c.Args
	for i := range a {
		if a[i] == 0 && c.Given(i) {
			a[i] = 1
		}
	}
	return IsQuestion(c.Nr, a)
}

// Given tells whether an argument of a call that has been gathered was not zero.
func (c *Call) Given(arg int) bool {
	return c.Args[arg] != 0 || slices.ContainsFunc(c.Segs, func(s Segment) bool { return int(s.Arg) == arg })
}

const (
	tcgets = 0x5401
	atCWD  = -100 // AT_FDCWD
)
