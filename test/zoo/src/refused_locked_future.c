// A process that has only said that what it maps from now on is to be locked cannot be moved either, and it is locked.
// expect: refused cannot-move
// quick
#include "zoo.h"
static void *volatile begun; // the heap, before what is locked
int main(void) {
	begun = malloc(64);
	told();
	if (mlockall(MCL_FUTURE)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	ready();
	while (more()) same(locked(), 0); // of the supervisor's nothing is left behind
	char *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	same(locked(), 8);
	return ok();
}
