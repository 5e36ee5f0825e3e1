// A child made while memory is still to come has what is for it, and neither what is not (MADV_DONTFORK) nor what is to be wiped (MADV_WIPEONFORK).
// quick
#include "zoo.h"
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { P = 4096, big = 48 << 20, part = 8 << 20 };

static unsigned char *filled(size_t n, int with) {
	unsigned char *m = mmap(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	memset(m, with, n);
	return m;
}

int main(void) {
	unsigned char *plain = filled(big, 'p'), *own = filled(part, 'o'), *wiped = filled(part, 'w');
	must(!madvise(own, part, MADV_DONTFORK) && !madvise(wiped, part, MADV_WIPEONFORK));
	ready();
	for (unsigned x = 0; more(); x++) {
		pid_t c = child();
		if (c == 0) {
			unsigned char core;
			for (int i = 0; i < part; i += P) fails(mincore(own + i, P, &core), ENOMEM);
			for (int i = 0; i < part; i += P) same(wiped[i], 0);
			for (int i = 0; i < big; i += P) same(plain[i], 'p');
			_exit(7);
		}
		exits(c, 7);
		for (int i = x % 64 * P; i < part; i += 64 * P) { // not all: it may still be to come
			same(own[i], 'o');
			same(wiped[i], 'w');
		}
	}
	return ok();
}
