// Blocked signals stay pending, are seen by sigpending, and come when unblocked or by sigsuspend, which restores the mask.
// quick
#include "zoo.h"
static volatile int order[8], n;
static void on(int s, siginfo_t *i, void *u) { order[n++ & 7] = s; }
int main(void) {
	sigset_t b, old, p, none;
	sigemptyset(&none), sigemptyset(&b), sigaddset(&b, SIGUSR1), sigaddset(&b, SIGUSR2), sigaddset(&b, SIGRTMIN + 1);
	handle(SIGUSR1, on, 0), handle(SIGUSR2, on, 0), handle(SIGRTMIN + 1, on, 0);
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	ready();
	pid_t me = getpid();
	while (more()) {
		n = 0;
		sigprocmask(SIG_BLOCK, 0, &old);
		must(sigismember(&old, SIGUSR1) && sigismember(&old, SIGUSR2) && !sigismember(&old, SIGTERM));
		pid_t c = child();
		if (c == 0) {
			kill(me, SIGUSR2), kill(me, SIGUSR1), kill(me, SIGUSR1), kill(me, SIGRTMIN + 1);
			_exit(0);
		}
		exits(c, 0);
		same(n, 0);
		sigpending(&p);
		must(sigismember(&p, SIGUSR1) && sigismember(&p, SIGUSR2) && sigismember(&p, SIGRTMIN + 1) && !sigismember(&p, SIGTERM));
		nap(4);
		same(n, 0);
		sigset_t one = b;
		sigdelset(&one, SIGUSR2);
		fails(sigsuspend(&one), EINTR);
		same(n, 1);
		same(order[0], SIGUSR2);
		sigprocmask(SIG_SETMASK, &none, &old);
		must(sigismember(&old, SIGUSR2));
		same(n, 3); // one of the two SIGUSR1: they do not queue
		must(order[1] != order[2]);
		sigprocmask(SIG_SETMASK, &b, 0);
		sigpending(&p);
		must(!sigismember(&p, SIGUSR1) && !sigismember(&p, SIGUSR2));
	}
	return ok();
}
