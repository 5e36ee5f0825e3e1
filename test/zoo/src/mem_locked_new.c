// What a process has all locked that it will map (mlockall, MCL_FUTURE) is locked wherever it maps it, at once or as pages come; its children have not said so.
// needs: root
// quick
#include "locked.h"
#define RW PROT_READ | PROT_WRITE
static void *volatile begun; // the heap, before what is locked
static void maps(int fd, int on, int fault, int tells) {
	long before = locked();
	char *m = anonymous(8, RW, 0), *f = mmap(0, 2 * P, PROT_READ, MAP_PRIVATE, fd, 0);
	must(f != MAP_FAILED);
	same(locked() - before, on ? 40 : 0);
	must(seen(m).lo == on && seen(f).lo == on && seen(m).lf == (fault && tells));
	// What follows the process is not there yet.
	must(getenv("ZOO_FOLLOWED") || (all_there(m, 8) == (on && !fault) && (!on || fault || all_there(f, 2))));
	m[0] = 1;
	must(!munmap(m, 8 * P) && !munmap(f, 2 * P));
	char *top = sbrk(4 * P);
	must(top != (void *)-1);
	same(locked() - before, on ? 16 : 0);
	must(!brk(top));
	same(locked(), before);
}
int main(void) {
	begun = malloc(64);
	nobody();
	int fd = open("mapped", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(!ftruncate(fd, 2 * P));
	if (mlockall(MCL_FUTURE | MCL_ONFAULT)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	char *one = anonymous(1, RW, 0);
	int tells = seen(one).lf;
	must(!munmap(one, P) && !mlockall(MCL_FUTURE));
	ready();
	int on = 1, fault = 0;
	for (int lap = 0; more(); lap++) {
		maps(fd, on, fault, tells);
		if (lap % 4 == 2) {
			pid_t c = child();
			if (c == 0) {
				same(locked(), 0);
				maps(fd, 0, 0, tells);
				_exit(0);
			}
			exits(c, 0);
		}
		if (lap % 16 == 15) {
			static const int flags[3] = {MCL_FUTURE | MCL_ONFAULT, 0, MCL_FUTURE};
			int now = flags[lap / 16 % 3];
			must(!(now ? mlockall(now) : munlockall()));
			on = !!now, fault = !!(now & MCL_ONFAULT);
		}
	}
	must(!munlockall());
	same(locked(), 0);
	maps(fd, 0, 0, tells);
	return ok();
}
