// A process that has reserved most of the address space, as ThreadSanitizer does, moves.
#include "zoo.h"
static const struct { unsigned long from, to; int prot; } parts[] = {
	{0x008000000000, 0x010000000000, PROT_NONE},
	{0x010000000000, 0x200000000000, PROT_READ | PROT_WRITE}, // what is known of each byte of the program
	{0x200000000000, 0x300000000000, PROT_NONE},
	{0x300000000000, 0x340000000000, PROT_READ | PROT_WRITE},
	{0x340000000000, 0x550000000000, PROT_NONE},
	{0x568000000000, 0x7a0000000000, PROT_NONE},
};
enum { N = sizeof parts / sizeof *parts };
int main(void) {
	for (int i = 0; i < N; i++) {
		void *at = (void *)parts[i].from;
		must(mmap(at, parts[i].to - parts[i].from, parts[i].prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == at);
		must(!madvise(at, parts[i].to - parts[i].from, MADV_DONTDUMP));
	}
	ready();
	for (long lap = 0; more(); lap++)
		for (int i = 0; i < N; i++) {
			if (parts[i].prot == PROT_NONE) continue;
			volatile long *first = (long *)(parts[i].from + 0x123456000), *last = (long *)(parts[i].to - 8);
			same(*first, lap);
			same(*last, 2 * lap);
			*first = lap + 1;
			*last = 2 * (lap + 1);
		}
	return ok();
}
