// Further ways: out of descriptors, by calls of other kinds, at others' memory. Each
// tries and goes on; what was reached shows on the machine that lends.
#include <linux/openat2.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <sys/personality.h>

static void read_out(const char *how, int fd) {
	char text[64] = "";
	if (fd < 0)
		return;
	ssize_t n = read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	if (n > 0)
		printf("%s: %s", how, text);
	close(fd);
}

// Every number, and the ways out that lead from a directory.
static void descriptors(void) {
	static const char *ways[] = {"", "tmp/secret", "../tmp/secret", "../../../../../tmp/secret", "/tmp/secret", "root/tmp/secret", "../1/root/tmp/secret", "1/environ"};
	static const unsigned long resolve[] = {0, RESOLVE_IN_ROOT, RESOLVE_BENEATH, RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_CACHED};
	for (int fd = -1; fd < 300; fd++)
		for (unsigned w = 0; w < sizeof ways / sizeof *ways; w++) {
			if (fd <= 2 && fd >= 0)
				continue;
			read_out("openat", openat(fd, ways[w], O_RDONLY));
			for (unsigned r = 0; fd < 16 && r < sizeof resolve / sizeof *resolve; r++) {
				struct open_how how = {.flags = O_RDONLY, .resolve = resolve[r]};
				read_out("openat2", syscall(SYS_openat2, fd, ways[w], &how, sizeof how));
			}
		}
	char path[64];
	for (int fd = 3; fd < 16; fd++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d/../../tmp/secret", fd);
		read_out(path, open(path, O_RDONLY));
		struct stat st;
		if (fstat(fd, &st) == 0)
			printf("descriptor %d is there\n", fd);
	}
	printf("descriptors tried\n");
}

// System calls of the vsyscall page are emulated, and are calls like any.
static void vsyscall(char *low) {
	long t = ((long (*)(long *))0xffffffffff600400UL)(0);
	if (t < 1000000000)
		_exit(60);
	long ret = SYS_openat;
	__asm__ volatile("call *%1" : "+a"(ret) : "r"(0xffffffffff600407UL), "D"((long)AT_FDCWD), "S"(low), "d"((long)(O_CREAT | O_WRONLY)) : "rcx", "r11", "memory");
	_exit(61);
}

static void numbers(void) {
	in_child("vsyscall", vsyscall);
	int taken = 0;
	for (long nr = 0; nr < 600; nr++) {
		errno = 0;
		if (syscall(0x40000000 | nr, "/tmp/made-by-x32", O_CREAT | O_WRONLY, 0644) >= 0 || errno != ENOSYS)
			taken++;
	}
	for (long nr = 470; nr < 1100; nr++) // of later kernels
		if (syscall(nr, "/tmp/made-by-number", O_CREAT | O_WRONLY, 0644) >= 0)
			taken++;
	if (syscall(-1L, 0) >= 0 || syscall(0xffffffff00000002L, "/tmp/made-by-sign", O_CREAT | O_WRONLY, 0644) >= 0)
		unlink("/tmp/made-by-sign"); // the upper half of the number does not count
	printf("numbers: %d taken\n", taken);
}

static void supervisor(void) {
	char b[64] = "";
	int opened = 0;
	for (int pid = 1; pid < 40; pid++) {
		if (pid == getpid())
			continue;
		struct iovec l = {b, sizeof b};
		static const unsigned long at[] = {REGION, SLOTS, PRIVATE, 0x400000, 0xc000000000};
		for (unsigned i = 0; i < sizeof at / sizeof *at; i++) {
			struct iovec m = {(void *)at[i], sizeof b};
			opened += process_vm_readv(pid, &l, 1, &m, 1, 0) > 0;
			opened += process_vm_writev(pid, &l, 1, &m, 1, 0) > 0;
		}
		opened += ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
		opened += syscall(SYS_kcmp, pid, getpid(), KCMP_VM, 0, 0) >= 0;
		int pidfd = syscall(SYS_pidfd_open, pid, 0);
		for (int fd = 0; pidfd >= 0 && fd < 12; fd++)
			opened += syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0;
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, 0, 0);
		siginfo_t info = {.si_code = SI_QUEUE};
		syscall(SYS_rt_sigqueueinfo, pid, SIGKILL, &info);
		syscall(SYS_tgkill, pid, pid, SIGKILL);
		syscall(SYS_migrate_pages, pid, 0, 0, 0);
		struct rlimit lim = {0, 0};
		opened += prlimit(pid, RLIMIT_NOFILE, &lim, 0) == 0;
		sched_setscheduler(pid, SCHED_FIFO, &(struct sched_param){1});
		close(pidfd);
	}
	kill(-1, SIGKILL);
	printf("supervisor: reached %d\n", opened);
}

static void kernel(void) {
	char b[4096] = {0};
	int got = 0;
	for (unsigned flags = 0; flags < 4; flags++)
		got += syscall(SYS_userfaultfd, flags) >= 0;
	got += syscall(SYS_io_uring_setup, 8, b) >= 0;
	got += syscall(SYS_io_uring_enter, 3, 1, 1, 0, 0, 0) >= 0;
	for (int cmd = 0; cmd < 40; cmd++)
		syscall(SYS_bpf, cmd, b, sizeof b);
	for (int type = 0; type < 6; type++) {
		((int *)b)[0] = type, ((int *)b)[1] = 112;
		syscall(SYS_perf_event_open, b, 0, -1, -1, 0);
		syscall(SYS_perf_event_open, b, -1, 0, -1, 0);
	}
	memset(b, 0, sizeof b);
	syscall(SYS_add_key, "user", "lender", b, 8, KEY_SPEC_SESSION_KEYRING);
	for (int cmd = 0; cmd < 33; cmd++)
		syscall(SYS_keyctl, cmd, KEY_SPEC_SESSION_KEYRING, b, sizeof b, 0);
	personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | PER_LINUX32);
	personality(PER_LINUX);
	for (int what = 0; what < 80; what++)
		if (what != PR_SET_PDEATHSIG && what != PR_SET_NAME && what != PR_SET_SECCOMP && what != PR_SET_MM)
			prctl(what, 1, 0, 0, 0);
	prctl(PR_SET_MM, PR_SET_MM_START_CODE, REGION, 0, 0);
	prctl(0x53564d41, 0, REGION, 4096, "lender");
	for (int i = 0; i < 9; i++)
		syscall(SYS_landlock_create_ruleset + i % 3, b, 24, 0);
	syscall(SYS_memfd_secret, 0);
	syscall(SYS_quotactl, 0, b, 0, b);
	syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0);
	syscall(SYS_kexec_load, 0, 0, 0, 0);
	syscall(SYS_iopl, 3);
	syscall(SYS_ioperm, 0, 8, 1);
	syscall(SYS_modify_ldt, 1, b, 16);
	syscall(SYS_open_by_handle_at, 3, b, O_RDONLY);
	syscall(SYS_fanotify_init, 0, O_RDONLY);
	syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, "");
	syscall(SYS_pivot_root, ".", ".");
	syscall(SYS_chroot, "/proc");
	int fd = open("/tmp/made-by-kernel", O_CREAT | O_WRONLY, 0644);
	printf("kernel: opened %d, got %d\n", fd >= 0, got);
}
