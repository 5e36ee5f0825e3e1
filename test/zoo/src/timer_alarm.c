// An alarm set before the moves comes at its time, once, and ends the pause it interrupts.
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
int main(void) {
	handle(SIGALRM, on, 0);
	double start = now();
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {1, 300000}}, 0);
	ready();
	while (!hits) fails(pause(), EINTR);
	double took = now() - start;
	must(took >= 1.299 && took < 5);
	while (more()) same(hits, 1);
	return ok();
}
