// A child of a guest is a guest of its own: it is moved alone, and both go on.
#include "zoo.h"
int main(void) {
	ready();
	int laps = 0;
	while (!zoo.last && more() && ++laps < 5) ;
	int p[2], q[2];
	must(!pipe(p) && !pipe(q));
	pid_t me = getpid(), c = child();
	if (c == 0) {
		uint32_t v;
		close(p[1]), close(q[0]);
		while (take(p[0], &v, sizeof v)) {
			same(getppid(), me);
			v = v * 3 + 1;
			give(q[1], &v, sizeof v);
		}
		_exit(8);
	}
	close(p[0]), close(q[1]);
	dprintf(1, "also %d\n", c);
	for (uint32_t i = 0, v; more(); i++) {
		give(p[1], &i, sizeof i);
		must(take(q[0], &v, sizeof v));
		same(v, i * 3 + 1);
	}
	close(p[1]);
	exits(c, 8);
	return ok();
}
