// Memory that processes share, and that is larger than what goes at once.
#include "zoo.h"
enum { size = 2 << 20 };
int main(void) {
	volatile int *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	pid_t c = child();
	if (c == 0) {
		for (; m[0] >= 0; sched_yield()) m[1] = m[0];
		_exit(0);
	}
	ready();
	for (int n = 1; more(); n++) {
		m[0] = n;
		for (double t = now(); m[1] != n; sched_yield()) must(now() - t < 20);
	}
	m[0] = -1;
	exits(c, 0);
	return ok();
}
