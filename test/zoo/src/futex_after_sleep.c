// A futex wait for a time is not taken for the sleep before it, which a handler or a move had interrupted.
// quick
#include "zoo.h"
#include <linux/futex.h>
static int word;
static void on(int s, siginfo_t *i, void *u) {}
static struct timespec in(int ms) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	return t;
}
// nobody wakes it, so it ends when its time is over and not before.
static void wait_alone(int ms) {
	struct timespec t = in(ms);
	double end = t.tv_sec + t.tv_nsec / 1e9;
	fails(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &t, 0, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
	must(now() >= end);
	must(now() < end + 15);
}
int main(void) {
	handle(SIGALRM, on, 0);
	ready();
	while (more()) {
		struct timespec day = {86400}, rest;
		struct itimerval often = {{0, 5000}, {0, 5000}}, never = {0}; // the first may come before the sleep
		must(!setitimer(ITIMER_REAL, &often, 0));
		fails(nanosleep(&day, &rest), EINTR);
		must(!setitimer(ITIMER_REAL, &never, 0));
		wait_alone(40);
		struct timespec short_time = {0, 40000000};
		same(clock_nanosleep(CLOCK_MONOTONIC, 0, &short_time, 0), 0);
		wait_alone(40);
	}
	return ok();
}
