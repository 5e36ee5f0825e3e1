// A statically linked program, without dynamic loader, with threads and files.
// build: -static-pie
// quick
#include "zoo.h"
static __thread int t1 = 5;
static void *work(void *p) {
	same(t1, 5);
	t1 = 6;
	return p;
}
int main(void) {
	ready();
	for (long lap = 0; more(); lap++) {
		same(join(thread(work, (void *)lap)), lap);
		same(t1, 5);
		char b[64];
		must(slurp("/proc/self/comm", b, sizeof b) > 0);
		struct timespec t;
		must(!clock_gettime(CLOCK_REALTIME, &t));
		pid_t c = child();
		if (c == 0) _exit(2);
		exits(c, 2);
	}
	return ok();
}
