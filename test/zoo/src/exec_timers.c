// Interval timers go on over an execve, those on CPU time too: what they were set to, what is left of them.
// expect: comes-home
#include "zoo.h"
static const double Slow = 5; // seconds that a program may take to begin
static void check(int which, double most) {
	struct itimerval v;
	must(!getitimer(which, &v));
	double left = v.it_value.tv_sec + v.it_value.tv_usec / 1e6;
	same(v.it_interval.tv_sec, 1000 + which);
	if (left <= 0 || left > most + 0.1 || left < most - Slow) fail(__FILE__, __LINE__, "of timer %d are left %.3f, of %.3f", which, left, most);
}
static double set(int which, int lap) {
	double left = 500 + 20 * (lap % 16);
	must(!setitimer(which, &(struct itimerval){{1000 + which, 0}, {(int)left, 0}}, 0));
	return left;
}
int main(int argc, char **argv) {
	int lap = argc > 1 ? atoi(argv[1]) : 0;
	if (!lap) ready();
	zoo.laps = lap;
	for (int i = 0; i < 3 && lap; i++) check(i, atoi(argv[2]));
	int again = lap < 4 || !told();
	nap(20);
	if (!again) return ok();
	double left = 0;
	for (int i = 0; i < 3; i++) left = set(i, lap);
	char n[32], l[32];
	snprintf(n, sizeof n, "%d", lap + 1), snprintf(l, sizeof l, "%d", (int)left);
	execv("/proc/self/exe", (char *[]){argv[0], n, l, NULL});
	fail(__FILE__, __LINE__, "execv failed");
}
