// Memory written all the time while it is being copied: no write is lost, none appears twice or out of order.
// quick
#include "zoo.h"
enum { Pages = 4000 };
static volatile uint64_t *m;
static volatile int stop;
static void *writer(void *p) {
	uint64_t n = 0;
	while (!stop) {
		n++;
		for (int i = 0; i < Pages; i++) m[i * 512] = n, m[i * 512 + 511] = n;
	}
	return (void *)n;
}
static void *checker(void *p) { // pages are written in order: no earlier page may be behind a later one
	while (!stop) {
		uint64_t last = m[(Pages - 1) * 512];
		for (int i = Pages - 1; i >= 0; i--) {
			uint64_t v = m[i * 512];
			must(v >= last);
			last = v;
		}
		nap(1);
	}
	return 0;
}
int main(void) {
	m = mmap(0, Pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t w = thread(writer, 0), c = thread(checker, 0);
	ready();
	while (more()) ;
	stop = 1;
	uint64_t n = (uintptr_t)join(w);
	join(c);
	for (int i = 0; i < Pages; i++) {
		same(m[i * 512], n);
		same(m[i * 512 + 511], n);
	}
	return ok();
}
