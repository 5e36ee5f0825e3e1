// A read of /dev/zero or /dev/urandom gives all that is asked for, wherever it is broken off by a move.
// quick
#include "zoo.h"
enum { size = 2 << 20 };
int main(void) {
	int zero = open("/dev/zero", O_RDONLY), random = open("/dev/urandom", O_RDONLY);
	must(zero >= 0 && random >= 0);
	unsigned char *b = malloc(size);
	must(b);
	ready();
	while (more()) {
		for (int i = 0; i < 3; i++) {
			memset(b, 1, size);
			same(read(zero, b, size), size);
			for (int k = 0; k < size; k += 97) same(b[k], 0);
		}
		memset(b, 0, size);
		same(read(random, b, size), size);
		for (int k = 0; k < size; k += 4096) {
			int some = 0;
			for (int j = 0; j < 64; j++) some |= b[k + j];
			must(some);
		}
	}
	return ok();
}
