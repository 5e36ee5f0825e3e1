package names

// Question is what a call asks of a name.
type Question struct {
	Path int8 // the argument that is the path
	Link bool // it asks where a symbolic link leads
}

// atCWD is AT_FDCWD as an argument.
const atCWD = -100

// asking describes a call that fails with ENOENT if nothing has its path, and
// changes nothing then. Other errors come before that one only for the
// arguments that valid refuses.
type asking struct {
	path  int8
	dirfd int8 // -1: it has none
	link  bool
	valid func(a [6]uint64) bool
}

const (
	oCreat   = 0o100
	oTmpfile = 0o20000000

	atSymlinkNofollow = 0x100
	atEaccess         = 0x200
	atNoAutomount     = 0x800
	statxReserved     = 0x80000000
)

func within(v uint64, bits uint32) bool { return uint32(v)&^bits == 0 }

// askings are those calls, by their x86-64 numbers.
var askings = map[int]asking{
	2:   {0, -1, false, func(a [6]uint64) bool { return opens(a[1]) }},                                  // open
	4:   {0, -1, false, nil},                                                                            // stat
	6:   {0, -1, false, nil},                                                                            // lstat
	21:  {0, -1, false, func(a [6]uint64) bool { return within(a[1], 7) }},                              // access
	89:  {0, -1, true, func(a [6]uint64) bool { return int32(a[2]) > 0 }},                               // readlink
	257: {1, 0, false, func(a [6]uint64) bool { return opens(a[2]) }},                                   // openat
	262: {1, 0, false, func(a [6]uint64) bool { return within(a[3], atSymlinkNofollow|atNoAutomount) }}, // newfstatat
	267: {1, 0, true, func(a [6]uint64) bool { return int32(a[3]) > 0 }},                                // readlinkat
	269: {1, 0, false, func(a [6]uint64) bool { return within(a[2], 7) }},                               // faccessat
	332: {1, 0, false, func(a [6]uint64) bool {
		return within(a[2], atSymlinkNofollow|atNoAutomount) && a[3]&statxReserved == 0
	}}, // statx
	439: {1, 0, false, func(a [6]uint64) bool { return within(a[2], 7) && within(a[3], atEaccess|atSymlinkNofollow) }}, // faccessat2
}

// ReadFlags are the flags with which a regular file is opened to be read in the same way as without:
// O_NOCTTY, O_NONBLOCK, O_LARGEFILE, O_CLOEXEC.
const ReadFlags = 0o400 | 0o4000 | 0o100000 | 0o2000000

// OpensToRead tells whether a call opens a file for nothing but reading, and with
// which of ReadFlags.
func OpensToRead(nr int, args [6]uint64) (flags uint64, does bool) {
	switch nr {
	case 2: // open
		flags = args[1]
	case 257: // openat
		flags = args[2]
	default:
		return 0, false
	}
	return flags, within(flags, ReadFlags)
}

// AsksState tells whether a call asks for the state of a name (stat(2)), which is of the same name whether a symbolic link is
// followed or not if it is none, and in which argument that is written. Precondition for the rest: Asks.
func AsksState(nr int) (into int, does bool) {
	switch nr {
	case 4, 6: // stat, lstat
		return 1, true
	case 262: // newfstatat
		return 2, true
	}
	return 0, false
}

// OfCall is what a call asks whose arguments Asks has taken.
func OfCall(nr int) Question { return Question{Path: askings[nr].path, Link: askings[nr].link} }

func opens(flags uint64) bool { return flags&(oCreat|oTmpfile) == 0 }

// Asks tells what a call asks of a name; false: nothing that a fact answers. A
// relative path is one from the working directory.
func Asks(nr int, args [6]uint64) (Question, bool) {
	k, known := askings[nr]
	if !known || k.valid != nil && !k.valid(args) {
		return Question{}, false
	}
	if k.dirfd >= 0 && int32(args[k.dirfd]) != atCWD {
		return Question{}, false
	}
	return Question{Path: k.path, Link: k.link}, true
}

// changesView are the calls after which a process may see other files under a
// name, or may see other names: its facts are not the family's any more.
var changesView = map[int]bool{
	105: true, 106: true, 113: true, 114: true, 116: true, 117: true, 119: true, 122: true, 123: true, // set*uid, set*gid, setgroups
	126: true,                       // capset
	155: true, 161: true, 165: true, // pivot_root, chroot, mount
	272: true, 308: true, // unshare, setns
	429: true, 442: true, // move_mount, mount_setattr
	444: true, 446: true, // landlock
	460: true, // lsm_set_self_attr
}

// ChangesView tells whether a call is one of those.
func ChangesView(nr int) bool { return changesView[nr] }

// ChangesDirectory tells whether a call changes the working directory.
func ChangesDirectory(nr int) bool { return nr == 80 || nr == 81 } // chdir, fchdir
