// Handlers within handlers: sa_mask holds others back, SA_NODEFER lets the same one in, SA_RESETHAND works once.
#include "zoo.h"
static volatile int depth, deepest, once;
static void on1(int s, siginfo_t *i, void *u) {
	depth++;
	raise(SIGUSR2); // held back by sa_mask until this handler returns
	depth--;
}
static void on2(int s, siginfo_t *i, void *u) { must(!depth); once += 100; }
static void on3(int s, siginfo_t *i, void *u) {
	if (++depth > deepest) deepest = depth;
	if (depth < 20) raise(SIGHUP);
	depth--;
}
static void on4(int s, siginfo_t *i, void *u) { once++; }
int main(void) {
	struct sigaction a = {.sa_sigaction = on1, .sa_flags = SA_SIGINFO};
	sigaddset(&a.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &a, 0);
	handle(SIGUSR2, on2, 0);
	handle(SIGHUP, on3, SA_NODEFER);
	ready();
	while (more()) {
		once = deepest = 0;
		must(!raise(SIGUSR1));
		same(once, 100);
		must(!raise(SIGHUP));
		same(deepest, 20);
		handle(SIGTERM, on4, SA_RESETHAND);
		must(!raise(SIGTERM));
		same(once, 101);
		sigaction(SIGTERM, 0, &a);
		must(a.sa_handler == SIG_DFL);
		sigaction(SIGUSR1, 0, &a);
		must(a.sa_sigaction == on1 && sigismember(&a.sa_mask, SIGUSR2));
	}
	return ok();
}
