// What a child uses while it is away is told to the parent that waits for it there: wait4, waitid, getrusage, times and /proc/self/stat, on later trips too.
// quick
#include "zoo.h"
static double seconds(struct rusage *u) {
	return u->ru_utime.tv_sec + u->ru_stime.tv_sec + (u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}
static double own(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
static double children_by_stat(void) {
	char text[4096];
	long user, system;
	slurp("/proc/self/stat", text, sizeof text);
	must(sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld", &user, &system) == 2);
	return (user + system) / 100.0;
}
int main(void) {
	static const double Burnt = 0.04;
	int missed = 0, last = 0;
	double told = 0, end = 0, stat = 0;
	ready();
	for (int lap = 0; more(); lap++) {
		pid_t c = child();
		if (c == 0) {
			volatile char *m = malloc(4 << 20);
			for (int i = 0; i < 4 << 20; i += 4096) m[i] = 1;
			while (own() < Burnt + 0.01)
				for (volatile int i = 0; i < 100000; i++) ;
			_exit(3);
		}
		struct rusage u = {0}, all;
		int s = 0;
		siginfo_t info = {0};
		if (lap % 2) {
			must(!syscall(SYS_waitid, P_PID, c, &info, WEXITED, &u));
			same(info.si_status, 3);
		} else {
			same(wait4(c, &s, 0, &u), c);
			same(WEXITSTATUS(s), 3);
		}
		must(!getrusage(RUSAGE_CHILDREN, &all));
		struct tms t;
		times(&t);
		told += seconds(&u), end = seconds(&all), stat = children_by_stat();
		double ticks = (t.tms_cutime + t.tms_cstime) / 100.0;
		last = seconds(&u) >= Burnt && u.ru_maxrss >= 4 << 10 && seconds(&all) >= Burnt && ticks >= Burnt - 0.021;
		missed += !last;
		if (!last) dprintf(1, "lap %d: %.3f s, %ld kB, children %.3f s, %.3f s\n", lap, seconds(&u), u.ru_maxrss, seconds(&all), ticks);
		must(seconds(&u) < 5);
	}
	// Who waits at home for a child that is away is told what the kernel at home knows.
	must(missed <= 3 && last);
	if (end < told - 0.001) fail(__FILE__, __LINE__, "children used %.3f s, and one by one %.3f s", end, told);
	if (stat < end - 0.05 || stat > end + 0.05) fail(__FILE__, __LINE__, "children used %.3f s, and %.3f s by /proc/self/stat", end, stat);
	return ok();
}
