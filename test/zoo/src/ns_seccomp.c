// A program under a seccomp filter of its own stays under it, away and at home: what it forbids is refused with the filter's errno.
#include "refuses.h"
int main(void) {
	told();
	refuses(SYS_mkdir, SYS_getpgid);
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
