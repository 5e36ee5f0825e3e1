// A moved process that brings SIGFPE upon itself dies of it at home, with the same status and core flag as one that never moved.
#include "zoo.h"
static volatile int zero;
static pid_t doomed(int moved) {
	pid_t c = child();
	if (c) return c;
	if (moved)
		while (more()) ;
	zero = 7 / zero;
	_exit(zero);
}
int main(void) {
	must(!setrlimit(RLIMIT_CORE, &(struct rlimit){1 << 20, 1 << 20}));
	told();
	int want = reap(doomed(0));
	must(WIFSIGNALED(want) && WTERMSIG(want) == SIGFPE);
	pid_t c = doomed(1);
	ready_as(c);
	same(reap(c), want);
	return ok();
}
