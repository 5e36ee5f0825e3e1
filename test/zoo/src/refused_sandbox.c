// A process whose seccomp filter kills it for a call that a move needs cannot be moved, is told so before it makes one, and lives, also in a wait
// that the kernel would go on with by restart_syscall(2), which the filter forbids as well.
// expect: refused cannot-move
// quick
#include "zoo.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#define ALLOW(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
int main(void) {
	told();
	// As a network server shuts itself in before it reads what strangers send: a few calls, and death for all others.
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 1, 0), // AUDIT_ARCH_X86_64
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_close), ALLOW(SYS_faccessat), ALLOW(SYS_faccessat2), ALLOW(SYS_clock_gettime), ALLOW(SYS_clock_nanosleep),
		ALLOW(SYS_nanosleep), ALLOW(SYS_poll), ALLOW(SYS_brk), ALLOW(SYS_mmap), ALLOW(SYS_munmap), ALLOW(SYS_mprotect),
		ALLOW(SYS_futex), ALLOW(SYS_lseek), ALLOW(SYS_getrandom), ALLOW(SYS_getpid), ALLOW(SYS_newfstatat), ALLOW(SYS_stat), ALLOW(SYS_fstat), ALLOW(SYS_rt_sigreturn), ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog p = {sizeof f / sizeof *f, f};
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p));
	ready();
	while (more()) {
		must(getpid() > 0);
		nap(5);
		same(poll(NULL, 0, 20), 0);
	}
	return ok();
}
