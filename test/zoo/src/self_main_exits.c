// The main thread may leave by pthread_exit: the process lives on in its other threads, under the same pid.
#include "zoo.h"
static pid_t me;
static pthread_t first;
static void *rest(void *p) {
	same(pthread_join(first, 0), 0);
	same(getpid(), me);
	must(tid() != me);
	pid_t c = child();
	if (c == 0) _exit(getppid() == me ? 2 : 1);
	exits(c, 2);
	exit(55);
}
int main(void) {
	told();
	pid_t c = child();
	if (c == 0) {
		me = getpid(), first = pthread_self();
		while (more()) ;
		thread(rest, 0);
		pthread_exit(0);
	}
	ready_as(c);
	exits(c, 55);
	return ok();
}
