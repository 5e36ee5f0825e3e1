// What is executed has nothing locked, nor what it maps, whatever was before it.
// expect: comes-home
// quick
#include "locked.h"
int main(int argc, char **argv) {
	if (argc > 1) {
		same(locked(), 0);
		char *m = anonymous(4, PROT_READ, 0);
		must(!seen(m).lo);
		return 0;
	}
	char *m = anonymous(16, PROT_READ | PROT_WRITE, 0);
	if (mlock(m, 16 * P)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/exe", getpid());
	ready();
	for (int lap = 0; more(); lap++) {
		same(locked(), 64);
		if (lap % 8) continue;
		pid_t c = child();
		if (c == 0) {
			must(!mlockall(MCL_CURRENT | MCL_FUTURE) && locked() > 1000);
			execl(path, "checks", "x", (char *)0);
			must(0);
		}
		exits(c, 0);
	}
	return ok();
}
