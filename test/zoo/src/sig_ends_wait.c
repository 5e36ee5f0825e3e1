// A signal that comes for a thread in a wait ends it with EINTR, also while the thread moves: its handler never runs before the wait as if that had not begun.
#include "zoo.h"
#include <sys/time.h>
static volatile int hits;
static void limit(long ms) { must(!setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {ms / 1000, ms % 1000 * 1000}}, 0)); }
static void on(int s) {
	if (hits++ == 0) limit(3000); // should nothing end it
}
int main(void) {
	handle(SIGALRM, (void (*)(int, siginfo_t *, void *))on, 0);
	int p[2], lost = 0;
	must(!pipe(p));
	srand(getpid());
	ready();
	while (more())
		for (int i = 0; i < 3; i++) {
			char b;
			hits = 0;
			limit(100 + rand() % 100);
			fails(read(p[0], &b, 1), EINTR);
			if (hits > 1) lost++;
			limit(0);
		}
	if (lost > 0) fail(__FILE__, __LINE__, "%d waits went on behind the signal that was to end them", lost);
	return ok();
}
