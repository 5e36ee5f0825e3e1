// A signal blocked and pending before the move is pending after it, with its value, and comes when unblocked.
#include "zoo.h"
static volatile int n, value;
static void on(int s, siginfo_t *i, void *u) { n++, value = value * 10 + i->si_value.sival_int; }
int main(void) {
	sigset_t b, p;
	sigemptyset(&b), sigaddset(&b, SIGUSR1), sigaddset(&b, SIGRTMIN);
	handle(SIGUSR1, on, 0), handle(SIGRTMIN, on, 0);
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	for (int i = 1; i < 4; i++) must(!sigqueue(getpid(), SIGRTMIN, (union sigval){i}));
	must(!kill(getpid(), SIGUSR1));
	ready();
	while (more()) {
		sigpending(&p);
		must(sigismember(&p, SIGUSR1) && sigismember(&p, SIGRTMIN));
		same(n, 0);
	}
	sigset_t rt;
	sigemptyset(&rt), sigaddset(&rt, SIGRTMIN);
	must(!sigprocmask(SIG_UNBLOCK, &rt, 0));
	same(n, 3);
	same(value, 123);
	return ok();
}
