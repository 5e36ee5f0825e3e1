// A descriptor's owner gets its signal (F_SETOWN, F_SETSIG, O_ASYNC) with the descriptor's number.
#include "zoo.h"
static volatile int got, band;
static void on(int s, siginfo_t *i, void *u) { got = i->si_fd, band = i->si_band; }
int main(void) {
	int s[2];
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	handle(SIGRTMIN + 3, on, SA_RESTART);
	must(!fcntl(s[0], F_SETOWN, getpid()) && !fcntl(s[0], F_SETSIG, SIGRTMIN + 3));
	must(!fcntl(s[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	ready();
	while (more()) {
		same(fcntl(s[0], F_GETOWN), getpid());
		same(fcntl(s[0], F_GETSIG), SIGRTMIN + 3);
		got = -1;
		pid_t c = child();
		if (c == 0) give(s[1], "!", 1), _exit(0);
		exits(c, 0);
		for (double t = now(); got < 0;) must(now() - t < 10);
		same(got, s[0]);
		must(band & POLLIN);
		char b;
		same(read(s[0], &b, 1), 1);
	}
	return ok();
}
