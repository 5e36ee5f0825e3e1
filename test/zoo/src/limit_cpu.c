// RLIMIT_CPU counts what is burnt away: SIGXCPU comes at the soft limit.
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
int main(void) {
	handle(SIGXCPU, on, 0);
	struct rlimit r;
	must(!getrlimit(RLIMIT_CPU, &r));
	r.rlim_cur = 1;
	must(!setrlimit(RLIMIT_CPU, &r));
	ready();
	for (volatile long n = 0; !hits; n++)
		if (n % 1000000 == 0) {
			struct timespec t;
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
			must(t.tv_sec < 4);
		}
	r.rlim_cur = RLIM_INFINITY;
	must(!setrlimit(RLIMIT_CPU, &r));
	while (more()) ;
	return ok();
}
