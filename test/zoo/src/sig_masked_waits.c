// A wait with a mask of its own ends with EINTR when the handler of a signal that is blocked otherwise has run, and not before.
// quick
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
int main(void) {
	sigset_t b, none;
	sigemptyset(&none), sigemptyset(&b), sigaddset(&b, SIGALRM);
	handle(SIGALRM, on, SA_RESTART);
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	int p[2], ep = epoll_create1(0);
	must(!pipe(p));
	epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &(struct epoll_event){EPOLLIN, {0}});
	must(!setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000}, {0, 1000}}, 0));
	ready();
	while (more())
		for (int k = 0; k < 60; k++) {
			struct timespec t = {15, 0};
			struct epoll_event e;
			hits = 0;
			if (k % 3 == 0) fails(epoll_pwait(ep, &e, 1, 15000, &none), EINTR);
			if (k % 3 == 1) fails(ppoll(&(struct pollfd){p[0], POLLIN, 0}, 1, &t, &none), EINTR);
			if (k % 3 == 2) fails(pselect(0, 0, 0, 0, &t, &none), EINTR);
			same(hits, 1);
		}
	return ok();
}
