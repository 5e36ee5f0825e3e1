package syscalls

// Numbers the kernel keeps for calls it no longer (or never) had: ENOSYS
// natively, and so here.
var goneRows = []Row{
	{Nr: 134, Name: "uselib", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 156, Name: "_sysctl", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 174, Name: "create_module", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 177, Name: "get_kernel_syms", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 178, Name: "query_module", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 180, Name: "nfsservctl", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 181, Name: "getpmsg", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 182, Name: "putpmsg", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 183, Name: "afs_syscall", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 184, Name: "tuxcall", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 185, Name: "security", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 205, Name: "set_thread_area", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 211, Name: "get_thread_area", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 212, Name: "lookup_dcookie", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 214, Name: "epoll_ctl_old", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 215, Name: "epoll_wait_old", Where: Refuse, Errno: enosys, Reason: gone},
	{Nr: 236, Name: "vserver", Where: Refuse, Errno: enosys, Reason: gone},
}

const gone = "the kernel has no such call any more"
