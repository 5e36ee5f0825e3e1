// A process without rights whose next mapping is more than it may lock (mlockall) cannot be moved, and maps as much as it may afterwards.
// expect: refused cannot-move
// needs: root
// quick
#include "zoo.h"
#include <grp.h>
enum { P = 4096, Max = 16 };
static void *volatile begun; // the heap, before what is locked
int main(void) {
	must(!chmod(".", 0777));
	begun = malloc(64);
	told();
	must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){Max * P, Max * P}));
	must(!setgroups(0, 0) && !setgid(65534) && !setuid(65534));
	if (mlockall(MCL_FUTURE)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	ready();
	while (more()) ;
	must(mmap(0, (Max + 1) * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	same(errno, EAGAIN);
	must(mmap(0, Max * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	return ok();
}
