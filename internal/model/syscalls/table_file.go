package syscalls

// Descriptors and what one does with them, apart from moving data.
var fileRows = []Row{
	{Nr: 3, Name: "close", Where: Home, Args: args{fd}, Interrupt: Restart},
	{Nr: 5, Name: "fstat", Where: Home, Args: args{fd, out(144)}},
	{Nr: 8, Name: "lseek", Where: Home, Args: args{fd, num, num}},
	{Nr: 16, Name: "ioctl", Where: Return, Interrupt: Restart, Reason: "an ioctl request that is not known here", Variants: &ioctls},
	{Nr: 22, Name: "pipe", Where: Home, Args: args{out(8)}},
	{Nr: 32, Name: "dup", Where: Home, Args: args{fd}},
	{Nr: 33, Name: "dup2", Where: Home, Args: args{fd, fd}, Interrupt: Restart},
	{Nr: 72, Name: "fcntl", Where: Home, Args: args{fd, num, num}, Interrupt: Restart, Variants: &fcntls},
	{Nr: 73, Name: "flock", Where: Home, Args: args{fd, num}, Interrupt: Restart},
	{Nr: 74, Name: "fsync", Where: Home, Args: args{fd}, Interrupt: Restart},
	{Nr: 75, Name: "fdatasync", Where: Home, Args: args{fd}, Interrupt: Restart},
	{Nr: 77, Name: "ftruncate", Where: Home, Args: args{fd, num}, Interrupt: Restart},
	{Nr: 78, Name: "getdents", Where: Home, Args: args{fd, outMax(2, 1<<20), num}, Interrupt: Restart},
	{Nr: 81, Name: "fchdir", Where: Home, Args: args{fd}},
	{Nr: 91, Name: "fchmod", Where: Home, Args: args{fd, num}},
	{Nr: 93, Name: "fchown", Where: Home, Args: args{fd, num, num}},
	{Nr: 138, Name: "fstatfs", Where: Home, Args: args{fd, out(120)}},
	{Nr: 162, Name: "sync", Where: Home, Args: args{}},
	{Nr: 187, Name: "readahead", Where: Home, Args: args{fd, num, num}},
	{Nr: 190, Name: "fsetxattr", Where: Home, Args: args{fd, str(256), inMax(3, 65536), num, num}},
	{Nr: 193, Name: "fgetxattr", Where: Home, Args: args{fd, str(256), outMax(3, 65536), num}},
	{Nr: 196, Name: "flistxattr", Where: Home, Args: args{fd, outMax(2, 65536), num}},
	{Nr: 199, Name: "fremovexattr", Where: Home, Args: args{fd, str(256)}},
	{Nr: 217, Name: "getdents64", Where: Home, Args: args{fd, outMax(2, 1<<20), num}, Interrupt: Restart},
	{Nr: 221, Name: "fadvise64", Where: Home, Args: args{fd, num, num, num}},
	{Nr: 277, Name: "sync_file_range", Where: Home, Args: args{fd, num, num, num}, Interrupt: Restart},
	{Nr: 285, Name: "fallocate", Where: Home, Args: args{fd, num, num, num}, Interrupt: Restart},
	{Nr: 292, Name: "dup3", Where: Home, Args: args{fd, fd, num}, Interrupt: Restart},
	{Nr: 293, Name: "pipe2", Where: Home, Args: args{out(8), num}},
	{Nr: 306, Name: "syncfs", Where: Home, Args: args{fd}},
	{Nr: 319, Name: "memfd_create", Where: Home, Args: args{str(251), num}},
	{Nr: 436, Name: "close_range", Where: Home, Args: args{num, num, num}},
	{Nr: 451, Name: "cachestat", Where: Home, Args: args{fd, in(16), out(40), num}},
	{Nr: 253, Name: "inotify_init", Where: Home, Args: args{}},
	{Nr: 254, Name: "inotify_add_watch", Where: Home, Args: args{fd, path, num}},
	{Nr: 255, Name: "inotify_rm_watch", Where: Home, Args: args{fd, num}},
	{Nr: 294, Name: "inotify_init1", Where: Home, Args: args{num}},
	{Nr: 300, Name: "fanotify_init", Where: Home, Args: args{num, num}},
	{Nr: 301, Name: "fanotify_mark", Where: Home, Args: args{fd, num, num, fd, path}},
}

var fcntls = Variants{By: 1, List: []Variant{
	{5, Row{Name: "fcntl(F_GETLK)", Where: Home, Args: args{fd, num, inout(32)}}},
	{6, Row{Name: "fcntl(F_SETLK)", Where: Home, Args: args{fd, num, in(32)}}},
	{7, Row{Name: "fcntl(F_SETLKW)", Where: Home, Args: args{fd, num, in(32)}}},
	{15, Row{Name: "fcntl(F_SETOWN_EX)", Where: Home, Args: args{fd, num, in(8)}}},
	{16, Row{Name: "fcntl(F_GETOWN_EX)", Where: Home, Args: args{fd, num, out(8)}}},
	{17, Row{Name: "fcntl(F_GETOWNER_UIDS)", Where: Home, Args: args{fd, num, out(8)}}},
	{36, Row{Name: "fcntl(F_OFD_GETLK)", Where: Home, Args: args{fd, num, inout(32)}}},
	{37, Row{Name: "fcntl(F_OFD_SETLK)", Where: Home, Args: args{fd, num, in(32)}}},
	{38, Row{Name: "fcntl(F_OFD_SETLKW)", Where: Home, Args: args{fd, num, in(32)}}},
	{1035, Row{Name: "fcntl(F_GET_RW_HINT)", Where: Home, Args: args{fd, num, out(8)}}},
	{1036, Row{Name: "fcntl(F_SET_RW_HINT)", Where: Home, Args: args{fd, num, in(8)}}},
	{1037, Row{Name: "fcntl(F_GET_FILE_RW_HINT)", Where: Home, Args: args{fd, num, out(8)}}},
	{1038, Row{Name: "fcntl(F_SET_FILE_RW_HINT)", Where: Home, Args: args{fd, num, in(8)}}},
}, Other: func(cmd uint32) *Row {
	// The other commands take numbers. One that is newer than this table may take
	// a pointer; it would be numbered like its neighbours, so far away from them
	// there is none, and home says EINVAL.
	const generic, linux = 0x3f, 0x400 // fcntl.h: from 0 and from F_LINUX_SPECIFIC_BASE on
	if cmd <= 14 || (cmd >= 1024 && cmd <= 1034) || cmd&^(generic|linux) != 0 {
		return nil
	}
	return &Row{Nr: 72, Name: "fcntl", Where: Return, Reason: "an fcntl command that is not known here"}
}}
