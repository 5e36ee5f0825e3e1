// Shared anonymous memory made while away is truly shared with a child.
// expect: comes-home
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		nap(20);
		volatile int *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		must(m != MAP_FAILED);
		pid_t c = child();
		if (c == 0) {
			while (m[0] == 0) nap(1);
			m[1] = m[0] * 2;
			_exit(0);
		}
		m[0] = 21;
		for (double t = now(); m[1] != 42;) must(now() - t < 10);
		exits(c, 0);
		must(!munmap((void *)m, 4096));
	}
	return ok();
}
