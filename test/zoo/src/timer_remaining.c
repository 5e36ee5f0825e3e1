// A sleep interrupted by a signal tells what was left; select writes back the rest; going on with the rest gives the whole.
// open: the rest of an interrupted nanosleep is sometimes told wrong after a move
#include "zoo.h"
static void on(int s, siginfo_t *i, void *u) {}
int main(void) {
	handle(SIGALRM, on, 0);
	ready();
	while (more()) {
		struct timespec t = {50, 0}, left = {0};
		setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 8000}}, 0);
		double start = now();
		fails(nanosleep(&t, &left), EINTR);
		double spent = now() - start, rest = left.tv_sec + left.tv_nsec / 1e9;
		must(spent >= 0.007 && rest <= 50.001 - spent + 0.02 && rest >= 50 - spent - 0.1);
		struct timeval tv = {50, 0};
		setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 8000}}, 0);
		start = now();
		fails(select(0, 0, 0, 0, &tv), EINTR);
		spent = now() - start, rest = tv.tv_sec + tv.tv_usec / 1e6;
		must(rest <= 50.001 - spent + 0.02 && rest >= 50 - spent - 0.1);
	}
	return ok();
}
