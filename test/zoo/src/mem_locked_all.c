// A process that has all it will map locked (mlockall), or more than it may (RLIMIT_MEMLOCK), does so at home, and is answered as there.
// expect: comes-home
// needs: root
// quick
#include "zoo.h"
#include <grp.h>
enum { P = 4096, Max = 16 };
static char *map(int pages) {
	return mmap(0, pages * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void *volatile begun; // the heap, before what is locked
int main(void) {
	must(!chmod(".", 0777));
	begun = malloc(64);
	told();
	must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){Max * P, Max * P}));
	must(!setgroups(0, 0) && !setgid(65534) && !setuid(65534));
	char *big = map(4 * Max);
	must(big != MAP_FAILED);
	ready();
	for (int lap = 0; more(); lap++) {
		switch (lap % 32) {
		case 8:
			fails(mlock(big, (Max + 1) * P), ENOMEM);
			fails(mlock2(big, (Max + 1) * P, MLOCK_ONFAULT), ENOMEM);
			fails(mlockall(MCL_CURRENT), ENOMEM);
			must(mmap(0, (Max + 1) * P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) == MAP_FAILED);
			same(errno, EAGAIN);
			break;
		case 16:
			must(!mlockall(MCL_FUTURE));
			break;
		case 24: // whatever has tried to move it meanwhile
			must(map(Max + 1) == MAP_FAILED);
			same(errno, EAGAIN);
			fails(brk(sbrk(0) + (Max + 1) * P), ENOMEM);
			char *m = map(Max);
			must(m != MAP_FAILED);
			same(locked(), Max * P >> 10);
			must(!munlockall());
			same(locked(), 0);
			must(!munmap(m, Max * P));
			break;
		}
		same(locked(), 0);
	}
	if (!munlockall()) same(locked(), 0);
	return ok();
}
