// exit_group by any thread ends all threads of a moved process; the parent sees the code, and only once.
#include "zoo.h"
static void *spin(void *p) {
	for (volatile long n = 0;; n++)
		if (n % 4096 == 0) sched_yield();
}
static void *sleeper(void *p) {
	for (;;) pause();
}
static void *leaver(void *p) {
	nap(5);
	exit(77);
}
int main(void) {
	told();
	pid_t c = child();
	if (c == 0) {
		for (int i = 0; i < 2; i++) thread(spin, 0), thread(sleeper, 0);
		while (more()) ;
		thread(leaver, 0);
		for (;;) pause();
	}
	ready_as(c);
	exits(c, 77);
	fails(wait(0), ECHILD);
	return ok();
}
