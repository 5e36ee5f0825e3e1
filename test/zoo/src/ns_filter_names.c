// What a program's own seccomp filter forbids to ask of names is refused with the filter's errno, also of names that are known.
// quick
#include "zoo.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
int main(void) {
	told();
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_access, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_readlink, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTUNIQ),
	};
	struct sock_fprog p = {sizeof f / sizeof *f, f};
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p));
	char cwd[PATH_MAX], to[64];
	must(getcwd(cwd, sizeof cwd));
	strcat(cwd, "/nothing");
	ready();
	while (more()) {
		for (int i = 0; i < 3; nap(1), i++) fails(open(cwd, O_RDONLY), ENOENT);
		fails(syscall(SYS_access, cwd, F_OK), ENOTUNIQ);
		fails(syscall(SYS_readlink, cwd, to, sizeof to), ENOTUNIQ);
	}
	return ok();
}
