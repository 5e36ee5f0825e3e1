// The allocator under several threads: blocks keep their contents while arenas grow and shrink through moves.
#include "zoo.h"
static volatile int stop;
static void *work(void *arg) {
	enum { N = 500 };
	static __thread struct { unsigned char *p; size_t n; unsigned char v; } b[N];
	uint64_t x = 77 + (uintptr_t)arg;
	while (!stop) {
		for (int k = 0; k < 200; k++) {
			int i = random_next(&x) % N;
			for (size_t j = 0; j < b[i].n; j += 1 + b[i].n / 16) same(b[i].p[j], b[i].v);
			free(b[i].p);
			b[i].n = random_next(&x) % (i % 50 ? 3000 : 400000), b[i].v = x;
			must((b[i].p = malloc(b[i].n + 1)));
			memset(b[i].p, b[i].v, b[i].n);
		}
		sched_yield();
	}
	for (int i = 0; i < N; i++) free(b[i].p);
	return 0;
}
int main(void) {
	pthread_t t[3];
	for (long i = 0; i < 3; i++) t[i] = thread(work, (void *)i);
	ready();
	while (more()) ;
	stop = 1;
	for (int i = 0; i < 3; i++) join(t[i]);
	return ok();
}
