// A mapping that grows wherever the process is can go on growing everywhere: what realloc does with large blocks.
// quick
#define _GNU_SOURCE
#include "zoo.h"
#include <sys/mman.h>
enum { page = 4096, most = 40 << 20 };
static char *grow(char *p, size_t n, size_t more) {
	char *q = mremap(p, n, n + more, MREMAP_MAYMOVE);
	if (q == MAP_FAILED) return NULL;
	for (size_t i = n; i < n + more; i += page) memset(q + i, (int)(i / page % 251), page);
	return q;
}
int main(void) {
	size_t n = 0;
	// Addresses with room behind them, where a mapping grows in place; and behind that one of another kind.
	char *room = mmap(NULL, 65 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(room != MAP_FAILED && !munmap(room, 64 << 20));
	int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	must(own >= 0 && mmap(room + (64 << 20), page, PROT_READ, MAP_SHARED | MAP_FIXED, own, 0) != MAP_FAILED && !close(own));
	char *p = mmap(room, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	n = page;
	memset(p, 0, page);
	must((p = grow(p, n, 1023 * page)));
	n = 1024 * page;
	ready();
	while (more()) {
		for (int i = 0; i < 20 && n < most; i++) {
			must((p = grow(p, n, page)));
			n += page;
		}
		for (size_t i = 0; i < n; i += 7 * page) same((unsigned char)p[i], i / page % 251);
	}
	return ok();
}
