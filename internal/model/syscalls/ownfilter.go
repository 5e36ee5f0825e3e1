package syscalls

import "openmosix/internal/model/abi"

// supervisorCalls are what a guest supervisor itself needs once its bodies'
// namespaces exist. Not among them: executing programs, making processes,
// opening sockets to anywhere, and everything that administrates a machine.
var supervisorCalls = []string{
	// memory, threads and time of a Go program
	"mmap", "munmap", "mprotect", "madvise", "mremap", "brk", "futex", "exit", "exit_group", "gettid", "getpid", "getppid", "tgkill", "tkill",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep",
	"clock_gettime", "clock_getres", "gettimeofday", "getrandom", "restart_syscall", "set_robust_list", "rseq", "membarrier", "prctl", "arch_prctl",
	"setitimer", "timer_create", "timer_settime", "timer_delete", "uname", "sysinfo", "getrusage", "getuid", "geteuid", "getgid", "getegid",
	// descriptors
	"read", "write", "readv", "writev", "pread64", "pwrite64", "lseek", "close", "dup", "dup3", "fcntl", "fstat", "fstatfs", "newfstatat", "stat", "lstat", "statx",
	"openat", "openat2", "readlinkat", "readlink", "getdents64", "ftruncate", "fallocate", "fsync", "flock", "unlinkat", "mkdirat", "renameat", "renameat2", "faccessat", "faccessat2",
	"copy_file_range", "sendfile", "splice", "memfd_create", "pipe2", "eventfd2", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "ioctl",
	// the connections it was given, and the socket at which a later daemon comes
	"sendmsg", "recvmsg", "sendto", "recvfrom", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername", "socketpair", "accept4",
	// its bodies
	"ptrace", "wait4", "waitid", "kill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "process_vm_readv", "process_vm_writev",
	"prlimit64", "sched_setaffinity", "sched_getattr", "sched_setattr", "setpriority", "getpriority", "get_robust_list", "kcmp", "userfaultfd",
}

// SupervisorFilter is the filter a guest supervisor puts itself under: what it
// needs, threads of its own, and EPERM for all else.
func SupervisorFilter() []Instr {
	allowed := map[int]bool{}
	for _, name := range supervisorCalls {
		if r := byName(name); r != nil { // a test knows that there is one for each
			allowed[r.Nr] = true
		}
	}
	const clone, clone3, cloneThread = 56, 435, 0x00010000
	no := ret(errnoReturn | uint32(abi.EPERM))
	threads := []Instr{loadInt(0, 0)[0], {Code: bpfAnd, K: cloneThread}, {Code: bpfJeq, K: cloneThread, Jt: 1}, no[0], ret(allow)[0]}
	var all []span
	for nr := 0; nr <= lastNr+1; nr++ {
		code := no
		switch {
		case nr == clone:
			code = threads
		case nr == clone3: // its flags cannot be seen; a C library then uses clone
			code = ret(errnoReturn | uint32(abi.ENOSYS))
		case allowed[nr]:
			code = ret(allow)
		}
		if n := len(all); n > 0 && len(code) == 1 && len(all[n-1].code) == 1 && code[0] == all[n-1].code[0] {
			continue
		}
		all = append(all, span{lo: uint32(nr), code: code})
	}
	prog := []Instr{
		{Code: bpfLoad, K: dataArch},
		{Code: bpfJeq, K: archX86, Jt: 1},
		{Code: bpfRet, K: killProcess},
		{Code: bpfLoad, K: dataNr},
	}
	return append(prog, search(all)...)
}

func byName(name string) *Row {
	for nr := 0; nr <= lastNr; nr++ {
		if r := Lookup(nr); r != nil && r.Name == name {
			return r
		}
	}
	return nil
}
