// A process without rights may lock, and map where it has all locked that it maps (mlockall), what its limit allows, wherever it is.
// needs: root
// quick
#include "locked.h"
enum { Max = 16, Spare = 2 }; // what a supervisor needs to take such a process away
static void *volatile begun; // the heap, before what is locked
static char *map(int pages, int more) {
	return mmap(0, pages * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | more, -1, 0);
}
int main(void) {
	begun = malloc(64);
	must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){Max * P, 4 * Max * P}));
	nobody();
	char *big = map(8 * Max, 0), *all;
	must(big != MAP_FAILED);
	if (mlockall(MCL_FUTURE)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	ready();
	int max = Max, future = 1;
	for (int lap = 0; more(); lap++) {
		struct rlimit l;
		must(!getrlimit(RLIMIT_MEMLOCK, &l));
		same(l.rlim_cur, max * P);
		if (future) {
			must(map(max + 1, 0) == MAP_FAILED);
			same(errno, EAGAIN);
			fails(brk(sbrk(0) + (max + 1) * P), ENOMEM);
			all = map(max - Spare, 0);
			must(all != MAP_FAILED);
			fails(mlock(big, (Spare + 1) * P), ENOMEM);
		} else {
			fails(mlock(big, (max + 1) * P), ENOMEM);
			fails(mlock2(big, (max + 1) * P, MLOCK_ONFAULT), ENOMEM);
			fails(mlockall(MCL_CURRENT), ENOMEM);
			must(map(max + 1, MAP_LOCKED) == MAP_FAILED);
			same(errno, EAGAIN);
			all = map(max - Spare, MAP_LOCKED);
			must(all != MAP_FAILED && !mlock(all, (max - Spare) * P)); // counted once
			must(mremap(all, (max - Spare) * P, (max + 1) * P, MREMAP_MAYMOVE) == MAP_FAILED);
			same(errno, EAGAIN);
		}
		same(locked(), (max - Spare) * P >> 10);
		must(!munmap(all, (max - Spare) * P));
		same(locked(), 0);
		if (lap % 8 == 5) {
			max = max == Max ? 2 * Max : Max;
			must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){max * P, 4 * Max * P}));
		}
		if (lap % 16 == 7) {
			future = !future;
			must(!(future ? mlockall(MCL_FUTURE) : munlockall()));
		}
		if (lap % 16 == 11) { // a child may not even that
			pid_t c = child();
			if (c == 0) {
				must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}));
				fails(mlock(big, P), EPERM);
				fails(mlockall(MCL_CURRENT), EPERM);
				must(map(1, MAP_LOCKED) == MAP_FAILED);
				same(errno, EPERM);
				_exit(0);
			}
			exits(c, 0);
		}
	}
	return ok();
}
