// signalfd: blocked signals are read as records, woken through poll; a signalfd made at home stays good.
#include "zoo.h"
int main(void) {
	sigset_t b;
	sigemptyset(&b), sigaddset(&b, SIGUSR1), sigaddset(&b, SIGCHLD);
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	int fd = signalfd(-1, &b, SFD_NONBLOCK | SFD_CLOEXEC);
	must(fd >= 0);
	ready();
	pid_t me = getpid();
	while (more()) {
		struct signalfd_siginfo i[4];
		fails(read(fd, i, sizeof i), EAGAIN);
		pid_t c = child();
		if (c == 0) kill(me, SIGUSR1), _exit(23);
		int seen = 0;
		while (seen != 3) {
			same(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 15000), 1);
			ssize_t n = read(fd, i, sizeof i);
			must(n > 0 && n % sizeof *i == 0);
			for (size_t k = 0; k < n / sizeof *i; k++) {
				same(i[k].ssi_pid, c);
				if (i[k].ssi_signo == SIGUSR1) seen |= 1;
				if (i[k].ssi_signo == SIGCHLD && i[k].ssi_status == 23) seen |= 2;
			}
		}
		exits(c, 23);
		int away = signalfd(-1, &b, 0);
		must(away >= 0 && !kill(me, SIGUSR1));
		same(read(away, i, sizeof *i), sizeof *i);
		same(i[0].ssi_signo, SIGUSR1);
		same(i[0].ssi_pid, me);
		close(away);
	}
	return ok();
}
