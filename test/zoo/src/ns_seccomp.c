// A program under a seccomp filter of its own stays under it, away and at home: what it forbids is refused with the filter's errno.
#include "zoo.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
int main(void) {
	told();
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTUNIQ),
	};
	struct sock_fprog p = {sizeof f / sizeof *f, f};
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p));
	ready();
	while (more()) {
		fails(mkdir("forbidden", 0700), ENOTUNIQ);
		fails(syscall(SYS_getpgid, 0), ENOTUNIQ);
		must(!access(".", F_OK) && getppid() > 0);
		pid_t c = child();
		if (c == 0) _exit(mkdir("forbidden", 0700) == -1 && errno == ENOTUNIQ ? 0 : 1);
		exits(c, 0);
		same(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
	}
	return ok();
}
