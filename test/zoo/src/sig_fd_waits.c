// A signal of a signalfd that comes while only the mask of a ppoll, pselect6 or epoll_pwait blocks it runs its handler when that ends, before anything else is done; and the wait does not end for it.
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
int main(void) {
	sigset_t usr;
	int p[2], go[2], ep = epoll_create1(EPOLL_CLOEXEC);
	char c = 0;
	sigemptyset(&usr), sigaddset(&usr, SIGUSR1);
	handle(SIGUSR1, on, SA_RESTART);
	must(signalfd(-1, &usr, SFD_CLOEXEC) >= 0);
	must(!pipe2(p, O_CLOEXEC) && !pipe2(go, O_CLOEXEC));
	must(!epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &(struct epoll_event){EPOLLIN, {0}}));
	pid_t me = getpid(), kid = child();
	if (!kid) {
		while (take(go[0], &c, 1) && c != 'e') {
			nap(4); // it waits by now, mostly
			must(!kill(me, SIGUSR1));
			give(p[1], "x", 1);
		}
		_exit(5);
	}
	ready();
	for (int n = 0; more(); n++) {
		fd_set r;
		FD_ZERO(&r);
		FD_SET(p[0], &r);
		struct timespec t = {15, 0};
		hits = 0;
		give(go[1], "g", 1);
		int ret = n % 3 == 0 ? ppoll(&(struct pollfd){p[0], POLLIN, 0}, 1, &t, &usr) :
			n % 3 == 1 ? pselect(p[0] + 1, &r, 0, 0, &t, &usr) : epoll_pwait(ep, &(struct epoll_event){0}, 1, 15000, &usr);
		int had = hits;
		same(had, 1);
		same(ret, 1);
		must(take(p[0], &c, 1));
	}
	give(go[1], "e", 1);
	exits(kid, 5);
	return ok();
}
