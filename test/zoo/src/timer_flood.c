// A timer that goes off faster than anybody can take its signals: the program gets on, also with calls, and comes home.
#include "zoo.h"
enum { Enough = 300 };
static volatile int hits;
static timer_t timer;
static struct itimerspec often = {{0, 10000}, {0, 10000}}, never;
static void on(int s, siginfo_t *i, void *u) {
	must(i->si_code == SI_TIMER && timer_getoverrun(timer) >= 0);
	if (++hits % Enough == 0) // a program that is traced gets to nothing else before
		must(!timer_settime(timer, 0, &never, 0));
}
int main(void) {
	int sig = SIGRTMIN, fd = open(".", O_TMPFILE | O_RDWR, 0600), calls = 0;
	must(fd >= 0);
	handle(sig, on, SA_RESTART);
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	must(!timer_create(CLOCK_MONOTONIC, &e, &timer));
	ready();
	while (more()) {
		int was = hits;
		must(!timer_settime(timer, 0, &often, 0));
		for (double start = now(); now() - start < 0.05 || hits == was;) {
			must(now() - start < 10);
			same(pwrite(fd, &calls, sizeof calls, 0), (long)sizeof calls);
			int got = -1;
			same(pread(fd, &got, sizeof got, 0), (long)sizeof got);
			same(got, calls++);
		}
	}
	must(!timer_settime(timer, 0, &never, 0));
	return ok();
}
