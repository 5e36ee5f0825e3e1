// A process with huge pages of the machine's pool cannot be moved; it keeps them.
// expect: refused cannot-move
// quick
#include "zoo.h"
int main(void) {
	enum { Huge = 2 << 20 };
	char *m = mmap(0, Huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (m == MAP_FAILED) {
		printf("no huge pages are free in this machine's pool\n");
		return 77;
	}
	memset(m, 5, Huge);
	ready();
	while (more()) must(m[0] == 5 && m[Huge - 1] == 5);
	return ok();
}
