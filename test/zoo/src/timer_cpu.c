// Timers and sleeps on CPU clocks go by the CPU time that is used: what waits for that is not moved, and comes home to begin.
// expect: comes-home
#include "zoo.h"
static volatile int fired;
static void on(int s, siginfo_t *i, void *u) { fired++; }
static void *burn(void *p) {
	while (!*(volatile int *)p) ;
	return 0;
}
int main(void) {
	handle(SIGUSR1, on, 0);
	ready();
	for (int lap = 0; more(); lap++) {
		nap(lap ? 100 : 700); // time to leave
		timer_t t;
		struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
		must(!timer_create(CLOCK_PROCESS_CPUTIME_ID, &e, &t));
		fired = 0;
		must(!timer_settime(t, 0, &(struct itimerspec){.it_value = {0, 20000000}}, 0));
		for (double start = now(); !fired;) must(now() - start < 10);
		must(!timer_delete(t));
		int done = 0;
		pthread_t b = thread(burn, &done);
		same(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &(struct timespec){0, 20000000}, 0), 0);
		done = 1;
		join(b);
	}
	return ok();
}
