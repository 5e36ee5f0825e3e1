// Clocks that may not go backward do not, whether read in the vDSO or by a call, in any thread, nor do they leap.
// quick
#include "zoo.h"
static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE};
static volatile int stop;
static void *watch(void *p) {
	double last[4] = {0};
	while (!stop)
		for (int k = 0; k < 4; k++)
			for (int i = 0; i < 50; i++) {
				struct timespec t;
				if (i % 10) clock_gettime(clocks[k], &t);
				else syscall(SYS_clock_gettime, clocks[k], &t);
				double v = t.tv_sec + t.tv_nsec / 1e9;
				if (last[k] && (v < last[k] || v > last[k] + 15)) fail(__FILE__, __LINE__, "clock %d: %.9f after %.9f", clocks[k], v, last[k]);
				last[k] = v;
			}
	return 0;
}
int main(void) {
	pthread_t t[2] = {thread(watch, 0), thread(watch, 0)};
	struct timespec m, r, res;
	clock_gettime(CLOCK_MONOTONIC, &m), clock_gettime(CLOCK_REALTIME, &r);
	double apart = r.tv_sec - m.tv_sec + (r.tv_nsec - m.tv_nsec) / 1e9;
	ready();
	while (more()) {
		clock_gettime(CLOCK_MONOTONIC, &m), clock_gettime(CLOCK_REALTIME, &r);
		double d = r.tv_sec - m.tv_sec + (r.tv_nsec - m.tv_nsec) / 1e9 - apart;
		must(d > -2 && d < 2);
		must(!clock_getres(CLOCK_MONOTONIC, &res) && res.tv_nsec == 1);
		struct timeval tv;
		must(!gettimeofday(&tv, 0));
		must(labs(tv.tv_sec - time(0)) <= 1);
	}
	stop = 1;
	join(t[0]), join(t[1]);
	return ok();
}
