// A process that has locked memory cannot be moved, and what it has locked stays in RAM.
// expect: refused cannot-move
// quick
#include "zoo.h"
int main(void) {
	char *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mlock(m, 8192)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	m[0] = 1;
	ready();
	while (more()) {
		unsigned char core;
		must(!mincore(m, 4096, &core) && core & 1 && m[0] == 1);
	}
	return ok();
}
