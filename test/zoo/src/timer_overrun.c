// timer_getoverrun of a timer on CPU time goes on telling what its last signal told while it is moved on; at home it begins anew.
#include "zoo.h"
static volatile int hits, told_by_signal, asked;
static timer_t timer;
static void on(int s, siginfo_t *i, void *u) {
	hits++, told_by_signal = i->si_overrun, asked = timer_getoverrun(timer);
}
int main(void) {
	if (older(6, 13)) {
		dprintf(1, "skip at home this kernel tells now and then of other overruns than the signal\n");
		return 77;
	}
	handle(SIGRTMIN + 5, on, SA_RESTART);
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 5};
	must(!timer_create(CLOCK_PROCESS_CPUTIME_ID, &e, &timer));
	sigset_t b;
	sigemptyset(&b), sigaddset(&b, SIGRTMIN + 5);
	int lost = 0;
	ready();
	while (more()) {
		must(!sigprocmask(SIG_BLOCK, &b, 0));
		hits = 0;
		must(!timer_settime(timer, 0, &(struct itimerspec){{0, 1000000}, {0, 1000000}}, 0));
		for (double s = now(); now() - s < 0.05;) ; // several periods, and ticks in which the kernel looks
		while (!hits) must(!sigprocmask(SIG_UNBLOCK, &b, 0) && !sigprocmask(SIG_BLOCK, &b, 0));
		int was = told_by_signal;
		if (hits == 1 && asked != was) lost++; // it has been moved in the handler
		nap(60);
		if (hits == 1 && timer_getoverrun(timer) != was) lost++;
	}
	if (lost > 2) fail(__FILE__, __LINE__, "lost %d times", lost);
	return ok();
}
