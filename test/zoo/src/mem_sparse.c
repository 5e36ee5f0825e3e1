// A vast mapping with a few pages in use: they arrive, the rest reads as zero, and nothing is sent for it.
#include "zoo.h"
int main(void) {
	size_t size = 16ul << 30, step = 64ul << 20;
	char *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(m != MAP_FAILED);
	for (size_t i = 0; i < size; i += step) *(size_t *)(m + i) = i + 1;
	ready();
	while (more()) {
		for (size_t i = 0; i < size; i += step) {
			same(*(size_t *)(m + i), i + 1);
			if (i % (step * 16) == 0) same(m[i + 8192], 0);
		}
	}
	return ok();
}
