// pidfd_open, pidfd_send_signal and pidfd_getfd on processes of home, and on oneself.
#include "zoo.h"
static volatile int got;
static void on(int s, siginfo_t *i, void *u) { got = i->si_pid; }
int main(void) {
	handle(SIGUSR1, on, 0);
	ready();
	while (more()) {
		int me = syscall(SYS_pidfd_open, getpid(), 0);
		must(me >= 0);
		got = 0;
		must(!syscall(SYS_pidfd_send_signal, me, SIGUSR1, 0, 0));
		same(got, getpid());
		int p[2];
		must(!pipe(p));
		pid_t c = child();
		if (c == 0) {
			for (;;) pause();
		}
		int fd = syscall(SYS_pidfd_open, c, 0);
		must(fd >= 0);
		struct pollfd f = {fd, POLLIN, 0};
		same(poll(&f, 1, 0), 0);
		int theirs = syscall(SYS_pidfd_getfd, fd, p[1], 0);
		if (theirs >= 0) {
			char b[2];
			give(theirs, "pf", 2);
			must(take(p[0], b, 2));
			close(theirs);
		} else
			same(errno, EPERM);
		must(!syscall(SYS_pidfd_send_signal, fd, SIGKILL, 0, 0));
		same(poll(&f, 1, 10000), 1);
		dies(c, SIGKILL);
		fails(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), ESRCH);
		close(fd), close(me), close(p[0]), close(p[1]);
	}
	return ok();
}
