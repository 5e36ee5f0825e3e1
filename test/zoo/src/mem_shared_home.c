// A process that shares writable memory with another that stays at home moves, and goes on sharing it.
// quick
#include "zoo.h"
int main(void) {
	volatile int *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t c = child();
	if (c == 0) {
		while (m[0] >= 0) {
			m[1] = m[0];
			sched_yield();
		}
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
