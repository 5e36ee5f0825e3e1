// pselect, ppoll and epoll_pwait exchange the mask for their own while they wait, and only then.
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
int main(void) {
	sigset_t b, none, m;
	sigemptyset(&none), sigemptyset(&b), sigaddset(&b, SIGUSR1);
	handle(SIGUSR1, on, SA_RESTART);
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	int p[2], ep = epoll_create1(0);
	must(!pipe(p));
	epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &(struct epoll_event){EPOLLIN, {0}});
	ready();
	pid_t me = getpid();
	while (more()) {
		hits = 0;
		struct timespec t = {15, 0};
		kill(me, SIGUSR1); // pending beforehand
		same(hits, 0);
		fails(pselect(0, 0, 0, 0, &t, &none), EINTR);
		same(hits, 1);
		for (int k = 0; k < 3; k++) { // comes while it waits
			pid_t c = child();
			if (c == 0) nap(4), kill(me, SIGUSR1), _exit(0);
			struct pollfd f = {p[0], POLLIN, 0};
			struct epoll_event e;
			fd_set r;
			FD_ZERO(&r);
			FD_SET(p[0], &r);
			if (k == 0) fails(ppoll(&f, 1, &t, &none), EINTR);
			if (k == 1) fails(epoll_pwait(ep, &e, 1, 15000, &none), EINTR);
			if (k == 2) fails(pselect(p[0] + 1, &r, 0, 0, 0, &none), EINTR);
			same(hits, 2 + k);
			exits(c, 0);
		}
		kill(me, SIGUSR1);
		same(ppoll(0, 0, &(struct timespec){0, 2000000}, &b), 0); // blocked during the wait too
		same(hits, 4);
		sigprocmask(SIG_BLOCK, 0, &m);
		must(sigismember(&m, SIGUSR1));
		fails(sigsuspend(&none), EINTR);
		same(hits, 5);
		give(p[1], "x", 1);
		same(ppoll(&(struct pollfd){p[0], POLLIN, 0}, 1, &t, &none), 1);
		// What is there comes first: the signal stays pending.
		kill(me, SIGUSR1);
		same(ppoll(&(struct pollfd){p[0], POLLIN, 0}, 1, &t, &none), 1);
		same(ppoll(&(struct pollfd){p[0], POLLIN, 0}, 1, 0, &none), 1);
		same(epoll_pwait(ep, &(struct epoll_event){0}, 1, -1, &none), 1);
		fd_set there;
		FD_ZERO(&there);
		FD_SET(p[0], &there);
		same(pselect(p[0] + 1, &there, 0, 0, 0, &none), 1);
		must(FD_ISSET(p[0], &there));
		same(hits, 5);
		char c;
		must(take(p[0], &c, 1));
		same(epoll_pwait(ep, &(struct epoll_event){0}, 1, 0, &none), 0); // it does not wait
		same(hits, 5);
		fails(ppoll(&(struct pollfd){p[0], POLLIN, 0}, 1, &(struct timespec){0}, &none), EINTR);
		same(hits, 6);
		fails(syscall(SYS_ppoll, 0, 0, &(struct timespec){0}, &none, 4), EINVAL);
		fails(syscall(SYS_ppoll, 0, 0, &(struct timespec){0}, 8, 8), EFAULT);
	}
	return ok();
}
