// A program that has reserved terabytes and uses some megabytes of them, as one of a sanitizer does, forks away from home at
// once: what is only reserved is not given back there.
// quick
#include "zoo.h"
enum { used = 24 << 20 };
int main(void) {
	const size_t reserved = 14ul << 40;
	char *p = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(p != MAP_FAILED);
	must(!madvise(p, reserved, MADV_NOHUGEPAGE)); // what is touched is a page
	// Some in a piece, some far from it and each other.
	memset(p + (3ul << 40), 'u', used);
	for (size_t i = 0; i < 14; i++) p[(i << 40) + 4097] = 'a' + i;
	ready();
	while (more()) {
		pid_t c = child();
		if (c == 0) {
			for (size_t i = 0; i < 14; i++) must(p[(i << 40) + 4097] == (i == 3 ? 'd' : (char)('a' + i)));
			must(p[(3ul << 40) + used - 1] == 'u');
			_exit(7);
		}
		exits(c, 7);
	}
	return ok();
}
