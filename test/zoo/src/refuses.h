// refuses.h: a seccomp filter of the program's own, which answers two calls with ENOTUNIQ.
#ifndef REFUSES_H
#define REFUSES_H
#include "zoo.h"
#include <linux/filter.h>
#include <linux/seccomp.h>

static void refuses(unsigned one, unsigned other) {
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTUNIQ),
	};
	struct sock_fprog p = {sizeof f / sizeof *f, f};
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p));
}
#endif
