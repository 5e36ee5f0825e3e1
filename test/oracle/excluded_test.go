package oracle

import "strings"

// excluded are rows that are not tried, by prefix of their name, and why.
var excluded = []struct{ prefix, reason string }{
	{"set_tid", "of the thread that runs the test"}, {"exit", "ends the test"}, {"exec", "replaces the test"},
	{"kill", "signals"}, {"tkill", "signals"}, {"tgkill", "signals"}, {"rt_", "signals"}, {"signalfd", "signals"},
	{"pidfd_send", "signals"}, {"alarm", "signals"}, {"setitimer", "signals"}, {"timer_", "signals, and timers that stay"},
	{"restart_syscall", "has no meaning alone"}, {"mmap", "memory of the test"}, {"close_range", "closes the test's descriptors"},
	{"reboot", "the machine"}, {"kexec", "the machine"}, {"swap", "the machine"}, {"acct", "the machine"}, {"syslog", "the machine's log"},
	{"sethostname", "the machine"}, {"setdomainname", "the machine"}, {"settimeofday", "the machine's clock"},
	{"clock_settime", "the machine's clock"}, {"clock_adjtime", "the machine's clock"}, {"adjtimex", "the machine's clock"},
	{"init_module", "the machine's kernel"}, {"finit_module", "the machine's kernel"}, {"delete_module", "the machine's kernel"},
	{"vhangup", "the terminal of the test"}, {"quotactl", "the machine"}, {"sync", "slow"},
	{"pivot_root", "mounts"}, {"mount", "mounts"}, {"umount2", "mounts"}, {"open_tree", "mounts"}, {"move_mount", "mounts"},
	{"fsopen", "mounts"}, {"fsconfig", "mounts"}, {"fsmount", "mounts"}, {"fspick", "mounts"}, {"chroot", "the test's root"},
	{"setuid", "identity of the test"}, {"setgid", "identity of the test"}, {"setre", "identity of the test"},
	{"setfs", "identity of the test"}, {"setgroups", "identity of the test"}, {"capset", "identity of the test"},
	{"setpgid", "job control of the test"}, {"setsid", "job control of the test"}, {"umask", "state that outlives a trial"},
	{"chdir", "state that outlives a trial"}, {"fchdir", "state that outlives a trial"}, {"personality", "state that outlives a trial"},
	{"prctl(SET_", "state that outlives a trial"}, {"prctl(CAP", "identity of the test"}, {"prctl(MCE", "state of the machine"},
	{"prctl(TASK", "state that outlives a trial"}, {"prctl(TIMER", "state that outlives a trial"},
	{"setrlimit", "state that outlives a trial"}, {"prlimit64", "state that outlives a trial"}, {"setpriority", "state that outlives a trial"},
	{"sched_set", "state that outlives a trial"}, {"ioprio_set", "state that outlives a trial"}, {"lsm_set", "state that outlives a trial"},
	{"shm", "objects that stay"}, {"sem", "objects that stay"}, {"msg", "objects that stay"}, {"mq_", "objects that stay"},
	{"add_key", "objects that stay"}, {"request_key", "objects that stay"}, {"keyctl", "objects that stay"},
	{"fanotify", "permission events would hold up the test"}, {"process_mrelease", "other processes' memory"},
	{"ioctl(SIOCSIF", "network interfaces of the machine"}, {"ioctl(FI", "the machine's file system"}, {"ioctl(BLK", "disks"},
	{"ioctl(TIOCSCTTY", "job control of the test"}, {"ioctl(TIOCNOTTY", "job control of the test"}, {"ioctl(TIOCCONS", "the machine's console"},
	{"ioctl(TIOCSETD", "line disciplines load modules"}, {"ioctl(TIOCSIG", "signals"}, {"ioctl(TIOCMIWAIT", "waits"},
	{"ioctl(FIOASYNC", "signals"}, {"ioctl(FIOSETOWN", "signals"}, {"ioctl(SIOCSPGRP", "signals"}, {"ioctl(FS_IOC_SETFLAGS", "files that cannot be removed"},
	{"ioctl(FS_IOC_FSSETXATTR", "files that cannot be removed"}, {"ioctl(TCSBRK", "waits for output nobody reads"},
	{"ioctl(TCSETSW", "waits for output nobody reads"}, {"ioctl(TCSETSF", "waits for output nobody reads"}, {"ioctl(TCSETAW", "waits for output nobody reads"},
	{"ioctl(TCSETAF", "waits for output nobody reads"},
	{"name_to_handle", "file handles name inodes, which differ"}, {"open_by_handle", "opens any file of the machine"},
}

func exclusion(name string) string {
	for _, x := range excluded {
		if strings.HasPrefix(name, x.prefix) && !(x.prefix == "ioctl(FI" && strings.HasPrefix(name, "ioctl(FIO")) {
			return x.reason
		}
	}
	return ""
}
