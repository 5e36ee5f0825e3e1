// At the soft limit of CPU time, and each second after it, SIGXCPU comes once, however often it is moved, and getrlimit tells.
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
static double cpu(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
int main(void) {
	double most = 0;
	handle(SIGXCPU, on, SA_RESTART);
	while (cpu() < 0.9)
		for (volatile int n = 0; n < 1000000; n++) ;
	struct rlimit r;
	must(!getrlimit(RLIMIT_CPU, &r));
	r.rlim_cur = 1;
	must(!setrlimit(RLIMIT_CPU, &r));
	ready();
	while (more()) {
		double before = now();
		for (volatile long n = 0; now() - before < 0.2; n++) ;
		int so_far = hits; // before the clock is read
		double c = cpu();
		if (c > most) most = c; // at home the clock lacks what was used away
		// The kernel goes by ticks.
		if (so_far > most + 0.4) fail(__FILE__, __LINE__, "%d signals in %.3f s", so_far, most);
	}
	must(!getrlimit(RLIMIT_CPU, &r));
	if ((long)r.rlim_cur < hits + 1) fail(__FILE__, __LINE__, "the limit is %ld s after %d signals", (long)r.rlim_cur, hits);
	return ok();
}
