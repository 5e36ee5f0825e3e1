// CPU time grows while away and counts what was burnt on all trips; getrusage, times, clock and the CPU clocks tell the same story.
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
enum { Clocks = 8 };
static void read_all(double *v) {
	v[0] = cpu(CLOCK_PROCESS_CPUTIME_ID), v[1] = cpu(CLOCK_THREAD_CPUTIME_ID), v[2] = usage(RUSAGE_SELF);
	v[3] = usage(RUSAGE_THREAD), v[4] = tick(), v[5] = ofclock();
	clockid_t process, thread;
	must(!clock_getcpuclockid(getpid(), &process) && !pthread_getcpuclockid(pthread_self(), &thread));
	v[6] = cpu(process), v[7] = cpu(thread);
}
int main(void) {
	double last[Clocks] = {0}, peak[Clocks] = {0}, v[Clocks];
	int drops[Clocks] = {0}, jumps = 0;
	for (volatile long n = 0; cpu(CLOCK_PROCESS_CPUTIME_ID) < 0.2;) n++;
	ready();
	while (more()) {
		double before = cpu(CLOCK_PROCESS_CPUTIME_ID), mine = cpu(CLOCK_THREAD_CPUTIME_ID), start = now();
		for (volatile long n = 0; n < 8000000; n++) ; // without a call
		while (cpu(CLOCK_THREAD_CPUTIME_ID) - mine < 0.02) must(now() - start < 15);
		read_all(v);
		// No kernel can be told of time that was used elsewhere: coming home, once on the
		// way, takes it off the clocks; the next trip puts it on again.
		double after = cpu(CLOCK_PROCESS_CPUTIME_ID);
		if (v[0] < before + 0.005 || after < v[0] || after > v[0] + 0.25) {
			must(jumps++ < 3);
			continue;
		}
		for (int i = 0; i < Clocks; i++) {
			if (v[i] < last[i] && drops[i]++ > 0) fail(__FILE__, __LINE__, "CPU time %d went back again, from %.6f to %.6f", i, last[i], v[i]);
			if (v[i] < v[0] - 0.25 || v[i] > v[0] + 0.25) fail(__FILE__, __LINE__, "CPU time %d says %.6f, the process clock %.6f", i, v[i], v[0]);
			last[i] = v[i];
			if (v[i] > peak[i]) peak[i] = v[i];
		}
		must(v[0] < now() - zoo.start + 1);
	}
	must(peak[0] >= 0.2); // not in each lap: it may have been burnt away, and now be at home
	for (int i = 0; i < Clocks; i++) // away again: everything used on all trips is told
		if (last[i] < peak[i]) fail(__FILE__, __LINE__, "CPU time %d ends at %.6f, below %.6f", i, last[i], peak[i]);
	return ok();
}
