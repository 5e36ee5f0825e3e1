// Pages that are swapped out arrive as those in memory do, and stay what they are when they are swapped out on the way.
// quick
#include "zoo.h"
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
enum { P = 4096, Pages = 1500 };
int main(void) {
	char *m = mmap(0, Pages * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *closed = m + 1000 * P;
	uint64_t x = 4711;
	for (int i = 0; i < Pages * P / 8; i++) ((uint64_t *)m)[i] = random_next(&x);
	madvise(m, Pages * P, MADV_PAGEOUT); // does nothing where there is no swap space
	must(!mprotect(closed, 100 * P, PROT_NONE)); // not readable, and with contents
	ready();
	for (int lap = 0; more(); lap++) {
		x = 4711;
		for (int i = 0; i < Pages * P / 8; i++) {
			uint64_t want = random_next(&x);
			char *at = m + i * 8;
			if (at < closed || at >= closed + 100 * P) must(*(uint64_t *)at == want);
		}
		madvise(m + lap % 7 * 100 * P, 700 * P, MADV_PAGEOUT);
	}
	must(!mprotect(closed, 100 * P, PROT_READ));
	x = 4711;
	for (int i = 0; i < Pages * P / 8; i++) must(((uint64_t *)m)[i] == random_next(&x));
	return ok();
}
