// CPU time only grows, counts what is burnt away, and getrusage, times, clock and the CPU clocks tell the same story.
// open: after coming home the kernel's CPU clocks lack what was burnt away
#include "zoo.h"
static double cpu(clockid_t c) {
	struct timespec t;
	must(!clock_gettime(c, &t));
	return t.tv_sec + t.tv_nsec / 1e9;
}
static double usage(int who) {
	struct rusage u;
	must(!getrusage(who, &u));
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}
static double tick(void) {
	struct tms t;
	times(&t);
	return (t.tms_utime + t.tms_stime) / (double)sysconf(_SC_CLK_TCK);
}
static double ofclock(void) { return clock() / (double)CLOCKS_PER_SEC; }
int main(void) {
	double last[6] = {0};
	for (volatile long n = 0; cpu(CLOCK_PROCESS_CPUTIME_ID) < 0.2;) n++;
	ready();
	while (more()) {
		double before = cpu(CLOCK_PROCESS_CPUTIME_ID), mine = cpu(CLOCK_THREAD_CPUTIME_ID), start = now();
		while (cpu(CLOCK_THREAD_CPUTIME_ID) - mine < 0.02) must(now() - start < 15);
		double v[6] = {cpu(CLOCK_PROCESS_CPUTIME_ID), cpu(CLOCK_THREAD_CPUTIME_ID), usage(RUSAGE_SELF), usage(RUSAGE_THREAD), tick(), ofclock()};
		for (int i = 0; i < 6; i++) {
			if (v[i] < last[i]) fail(__FILE__, __LINE__, "CPU time %d went back from %.6f to %.6f", i, last[i], v[i]);
			if (v[i] < v[0] - 0.25 || v[i] > v[0] + 0.25) fail(__FILE__, __LINE__, "CPU time %d says %.6f, the process clock %.6f", i, v[i], v[0]);
			last[i] = v[i];
		}
		must(v[0] >= before + 0.005);
		must(v[0] >= 0.2 && v[0] < now() - zoo.start + 1);
	}
	return ok();
}
