// A signal to one's own process group reaches oneself and the children at home, once each.
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
int main(void) {
	setpgid(0, 0);
	handle(SIGUSR1, on, SA_RESTART);
	int p[2];
	must(!pipe(p));
	pid_t c = child();
	if (c == 0) {
		for (int last = 0;; nap(1))
			if (hits > last) last++, give(p[1], "h", 1);
	}
	ready();
	for (int n = 1; more(); n++) {
		must(!kill(n % 2 ? 0 : -getpgrp(), SIGUSR1));
		same(hits, n);
		char b;
		must(take(p[0], &b, 1));
	}
	same(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 5), 0);
	kill(c, SIGKILL);
	dies(c, SIGKILL);
	return ok();
}
