// Package landlock knows which rights the kernel's Landlock can take away from a
// process and all its descendants for good: landlock(7). Who restricts whom is
// not known here; there is no rule that gives anything back.
package landlock

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// ABI is the version of Landlock that this kernel has; 0: none, or it is turned
// off (the kernel's parameter lsm).
func ABI() int {
	const version = unix.LANDLOCK_CREATE_RULESET_VERSION
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// rights are what a version has brought. What later ones than these add is left
// out: a version does not say what the next one can.
var rights = []struct {
	since           int
	fs, net, scoped uint64
}{
	{since: 1, fs: 1<<13 - 1}, // execute, write, read, list, remove, make
	{since: 2, fs: unix.LANDLOCK_ACCESS_FS_REFER},
	{since: 3, fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE},
	{since: 4, net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
	{since: 5, fs: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
	{since: 6, scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL},
}

// Nothing is the kernel's struct landlock_ruleset_attr, 24 bytes, of a ruleset
// that leaves no right of those that a version knows. An older kernel takes the
// zeros at the end of a struct that is longer than its own.
func Nothing(abi int) []byte {
	var fs, net, scoped uint64
	for _, r := range rights {
		if abi >= r.since {
			fs, net, scoped = fs|r.fs, net|r.net, scoped|r.scoped
		}
	}
	b := binary.LittleEndian.AppendUint64(nil, fs)
	b = binary.LittleEndian.AppendUint64(b, net)
	return binary.LittleEndian.AppendUint64(b, scoped)
}

// Lacks says in words what a version cannot take away; empty: it can do all that
// is known here.
func Lacks(abi int) string {
	switch {
	case abi < 1:
		return "files, TCP, signals and abstract sockets"
	case abi < 4:
		return "TCP, signals and abstract sockets"
	case abi < 6:
		return "signals and abstract sockets"
	}
	return ""
}
