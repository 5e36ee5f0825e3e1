// 100 MB of random bytes arrive as they left; pages never touched stay zero.
#include "zoo.h"
static uint64_t sum(const uint64_t *p, size_t n) {
	uint64_t s = 0;
	for (size_t i = 0; i < n; i++) s = s * 31 + p[i];
	return s;
}
int main(void) {
	size_t n = (100 << 20) / 8;
	uint64_t x = 0x9e3779b97f4a7c15, *p = malloc(n * 8), *zero = calloc(n, 8);
	must(p && zero);
	for (size_t i = 0; i < n; i++) p[i] = random_next(&x);
	uint64_t want = sum(p, n);
	ready();
	while (more()) {
		must(sum(p, n) == want);
		for (size_t i = 0; i < n; i += 5120) same(zero[i], 0);
		size_t k = random_next(&x) % n;
		p[k] ^= x;
		want = sum(p, n);
	}
	return ok();
}
