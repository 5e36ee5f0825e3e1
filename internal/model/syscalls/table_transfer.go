package syscalls

// Calls that move data through descriptors.
var transferRows = []Row{
	{Nr: 0, Name: "read", Where: Home, Args: args{fd, outStream(2), num}, Interrupt: Restart},
	{Nr: 1, Name: "write", Where: Home, Args: args{fd, inStream(2), num}, Interrupt: Restart},
	{Nr: 17, Name: "pread64", Where: Home, Args: args{fd, outStream(2), num, num}, Interrupt: Restart},
	{Nr: 18, Name: "pwrite64", Where: Home, Args: args{fd, inStream(2), num, num}, Interrupt: Restart},
	{Nr: 19, Name: "readv", Where: Home, Args: args{fd, iovOut, num}, Interrupt: Restart},
	{Nr: 20, Name: "writev", Where: Home, Args: args{fd, iovIn, num}, Interrupt: Restart},
	{Nr: 40, Name: "sendfile", Where: Home, Args: args{fd, fd, inoutAlways(8), num}, Interrupt: Restart},
	{Nr: 275, Name: "splice", Where: Home, Args: args{fd, inout(8), fd, inout(8), num, num}, Interrupt: Restart},
	{Nr: 276, Name: "tee", Where: Home, Args: args{fd, fd, num, num}, Interrupt: Restart},
	{Nr: 278, Name: "vmsplice", Where: Return, Reason: "it lends the caller's own pages to a pipe"},
	{Nr: 295, Name: "preadv", Where: Home, Args: args{fd, iovOut, num, num, num}, Interrupt: Restart},
	{Nr: 296, Name: "pwritev", Where: Home, Args: args{fd, iovIn, num, num, num}, Interrupt: Restart},
	{Nr: 326, Name: "copy_file_range", Where: Home, Args: args{fd, inoutPos(8), fd, inoutPos(8), num, num}, Interrupt: Restart},
	{Nr: 327, Name: "preadv2", Where: Home, Args: args{fd, iovOut, num, num, num, num}, Interrupt: Restart},
	{Nr: 328, Name: "pwritev2", Where: Home, Args: args{fd, iovIn, num, num, num, num}, Interrupt: Restart},
	{Nr: 206, Name: "io_setup", Where: Return, Reason: asyncIO},
	{Nr: 207, Name: "io_destroy", Where: Return, Reason: asyncIO},
	{Nr: 208, Name: "io_getevents", Where: Return, Reason: asyncIO, Interrupt: Eintr},
	{Nr: 209, Name: "io_submit", Where: Return, Reason: asyncIO},
	{Nr: 210, Name: "io_cancel", Where: Return, Reason: asyncIO},
	{Nr: 333, Name: "io_pgetevents", Where: Return, Reason: asyncIO, Interrupt: Eintr},
	{Nr: 425, Name: "io_uring_setup", Where: Return, Reason: asyncIO},
	{Nr: 426, Name: "io_uring_enter", Where: Return, Reason: asyncIO, Interrupt: Eintr},
	{Nr: 427, Name: "io_uring_register", Where: Return, Reason: asyncIO},
}

const asyncIO = "asynchronous I/O shares memory with the kernel at home"
