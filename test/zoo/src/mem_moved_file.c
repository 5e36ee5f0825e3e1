// Where memory was that has been moved (mremap), a file can be mapped: the one does not become the other, though what was there may still be to come.
// quick
#include "zoo.h"

enum { P = 4096, pages = 24 << 10, last = 256 };
#define all ((size_t)pages * P)
static uint64_t x = 88172645463325252;

int main(void) {
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	static char text[last * P];
	memset(text, 'f', sizeof text);
	give(fd, text, sizeof text);
	char *one = mmap(0, 2 * all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *two = one + all;
	must(one != MAP_FAILED);
	must(mmap(one, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == one);
	for (size_t i = 0; i < all; i += P) one[i] = 1 + i / P % 100;
	ready();
	while (more()) {
		must(mremap(one, all, all, MREMAP_MAYMOVE | MREMAP_FIXED, two) == two);
		char *end = one + all - sizeof text;
		must(mmap(end, sizeof text, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == end);
		for (size_t i = 0; i < sizeof text; i += P) same(end[i], 'f');
		for (size_t i = all - sizeof text; i < all; i += P) same(two[i], 1 + i / P % 100);
		for (int i = 0; i < 200; i++) {
			size_t at = random_next(&x) % pages * P;
			same(two[at], 1 + at / P % 100);
		}
		must(!munmap(end, sizeof text));
		must(mremap(two, all, all, MREMAP_MAYMOVE | MREMAP_FIXED, one) == one);
	}
	for (size_t i = 0; i < all; i += P) same(one[i], 1 + i / P % 100);
	return ok();
}
