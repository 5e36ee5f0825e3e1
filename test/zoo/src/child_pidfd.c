// pidfd_open, pidfd_send_signal and pidfd_getfd on processes of home, and on oneself.
// quick
#include "zoo.h"
static volatile int got;
static void on(int s, siginfo_t *i, void *u) { got = i->si_pid; }
// born has a child that comes with a descriptor, or none if there can be no descriptor.
static void born(void) {
	enum { Clone_pidfd = 0x1000 };
	int lowest = dup(0), fd = -1;
	must(lowest >= 0 && !close(lowest));
	struct rlimit old, none = {0, 0};
	must(!getrlimit(RLIMIT_NOFILE, &old));
	none.rlim_max = old.rlim_max;
	must(!setrlimit(RLIMIT_NOFILE, &none));
	fails(syscall(SYS_clone, Clone_pidfd | SIGCHLD, 0, &fd, 0, 0), EMFILE);
	must(!setrlimit(RLIMIT_NOFILE, &old));
	fails(waitpid(-1, 0, 0), ECHILD);
	pid_t c = syscall(SYS_clone, Clone_pidfd | SIGCHLD, 0, &fd, 0, 0);
	must(c >= 0);
	if (c == 0) _exit(fcntl(lowest, F_GETFD) == -1 ? 5 : 6);
	same(fd, lowest);
	same(fcntl(fd, F_GETFD), FD_CLOEXEC);
	siginfo_t i;
	must(!waitid(3 /* P_PIDFD */, fd, &i, WEXITED));
	same(i.si_pid, c);
	same(i.si_status, 5);
	close(fd);
}
int main(void) {
	handle(SIGUSR1, on, 0);
	ready();
	while (more()) {
		born();
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
