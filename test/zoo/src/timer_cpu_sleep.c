// A sleep on a CPU clock goes by the CPU time that is used: what waits for that is not moved, and comes home to begin.
// expect: comes-home
#include "zoo.h"
static void *burn(void *p) {
	while (!*(volatile int *)p) ;
	return 0;
}
int main(void) {
	ready();
	for (int lap = 0; more(); lap++) {
		nap(lap ? 100 : 700); // time to leave
		int done = 0;
		pthread_t b = thread(burn, &done);
		same(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &(struct timespec){0, 20000000}, 0), 0);
		done = 1;
		join(b);
	}
	return ok();
}
