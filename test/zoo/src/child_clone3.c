// clone3: a pidfd for the child, its exit seen by poll and waitid on it; tids stored where asked.
#include "zoo.h"
#include <linux/sched.h>
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
int main(void) {
	ready();
	while (more()) {
		int pfd = -1, ptid = 0;
		static volatile int ctid;
		struct clone_args a = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, .pidfd = (uintptr_t)&pfd,
			.parent_tid = (uintptr_t)&ptid, .child_tid = (uintptr_t)&ctid, .exit_signal = SIGCHLD};
		ctid = 0;
		pid_t c = syscall(SYS_clone3, &a, sizeof a);
		if (c == -1 && errno == ENOSYS) { // allowed: libraries fall back to clone
			a.flags = 0;
			c = fork(), ptid = c, pfd = syscall(SYS_pidfd_open, c, 0);
		} else if (c == 0)
			same(ctid, syscall(SYS_getpid));
		if (c == 0) nap(3), _exit(17);
		must(c > 0 && pfd >= 0);
		same(ptid, c);
		struct pollfd f = {pfd, POLLIN, 0};
		same(poll(&f, 1, 10000), 1);
		siginfo_t i = {0};
		must(!waitid(P_PIDFD, pfd, &i, WEXITED));
		same(i.si_pid, c);
		same(i.si_status, 17);
		same(i.si_code, CLD_EXITED);
		close(pfd);
		fails(syscall(SYS_clone3, &a, 8), EINVAL);
	}
	return ok();
}
