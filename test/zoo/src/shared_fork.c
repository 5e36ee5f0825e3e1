// Shared anonymous memory made before a process moved is shared with the children that it makes away.
// expect: comes-home
#include "zoo.h"
int main(void) {
	volatile int *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	ready();
	for (int lap = 1; more(); lap++) {
		nap(20);
		same(m[2], lap - 1);
		m[0] = lap;
		pid_t c = child();
		if (c == 0) {
			must(m[0] == lap);
			m[1] = lap * 2;
			while (m[0] != -lap) nap(1);
			m[2] = lap;
			_exit(0);
		}
		for (double t = now(); m[1] != lap * 2;) must(now() - t < 10);
		m[0] = -lap;
		exits(c, 0);
		must(m[2] == lap);
		must(!system("true"));
	}
	return ok();
}
