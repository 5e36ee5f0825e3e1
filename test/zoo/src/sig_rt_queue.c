// Realtime signals queue: all of them come, in order, lower numbers first, each with its value.
#include "zoo.h"
static volatile int got[256], n;
static void on(int s, siginfo_t *i, void *u) { got[n++ & 255] = (s - SIGRTMIN) * 1000 + i->si_value.sival_int; }
int main(void) {
	sigset_t b;
	sigemptyset(&b);
	for (int k = 5; k < 8; k++) {
		sigaddset(&b, SIGRTMIN + k);
		struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO};
		sigfillset(&a.sa_mask);
		sigaction(SIGRTMIN + k, &a, 0);
	}
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	ready();
	pid_t me = getpid();
	while (more()) {
		n = 0;
		pid_t c = child();
		if (c == 0) {
			for (int i = 0; i < 20; i++)
				for (int k = 7; k >= 5; k--) must(!sigqueue(me, SIGRTMIN + k, (union sigval){i}));
			_exit(0);
		}
		exits(c, 0);
		same(n, 0);
		sigprocmask(SIG_UNBLOCK, &b, 0);
		same(n, 60);
		for (int i = 0; i < 60; i++) same(got[i], (5 + i / 20) * 1000 + i % 20);
		sigprocmask(SIG_BLOCK, &b, 0);
	}
	return ok();
}
