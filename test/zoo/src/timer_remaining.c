// A sleep interrupted by a signal tells what was left; select writes back the rest; going on with the rest gives the whole.
#include "zoo.h"
static const double Moved = 10; // how long a move on a slow machine takes
static void on(int s, siginfo_t *i, void *u) {}
int main(void) {
	handle(SIGALRM, on, 0);
	ready();
	while (more()) {
		struct timespec t = {50, 0}, left = {0};
		// They repeat: one that comes before the sleep has begun must not be the last.
		double start = now();
		setitimer(ITIMER_REAL, &(struct itimerval){{0, 8000}, {0, 8000}}, 0);
		fails(nanosleep(&t, &left), EINTR);
		double spent = now() - start, rest = left.tv_sec + left.tv_nsec / 1e9;
		// Between the clock and the sleep it may be moved: that time is not slept.
		if (spent < 0.007 || rest >= 50 || rest > 50.001 - spent + Moved || rest < 50 - spent - 0.1)
			fail(__FILE__, __LINE__, "of a sleep of 50 s, after %.3f s, %.3f are left", spent, rest);
		struct timeval tv = {50, 0};
		start = now();
		fails(select(0, 0, 0, 0, &tv), EINTR);
		spent = now() - start, rest = tv.tv_sec + tv.tv_usec / 1e6;
		if (rest > 50.001 - spent + Moved || rest < 50 - spent - 0.1)
			fail(__FILE__, __LINE__, "of a select of 50 s, after %.3f s, %.3f are left", spent, rest);
		t = (struct timespec){0, 150000000};
		int times = 0;
		for (start = now(); nanosleep(&t, &t); times++) same(errno, EINTR);
		spent = now() - start;
		must(times >= 3 && spent >= 0.15 && spent < 0.15 + Moved);
		t = (struct timespec){0, 100000000};
		start = now();
		for (int e; (e = clock_nanosleep(CLOCK_BOOTTIME, 0, &t, &t)) != 0;) same(e, EINTR);
		spent = now() - start;
		must(spent >= 0.1 && spent < 0.1 + Moved);
	}
	return ok();
}
