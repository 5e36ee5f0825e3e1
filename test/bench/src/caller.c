// Holds argv[1] MB of random bytes, which it writes into here and there, and makes a call that goes home each 0.2 ms. Each
// fifth of a second it tells how long one took, in us: the median. At SIGTERM it looks at all of its memory.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096 };

static volatile sig_atomic_t end;
static void stop(int sig) { (void)sig; end = 1; }

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static uint64_t state = 88172645463325252ull;
static uint64_t draw(void) {
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

int main(int argc, char **argv) {
	if (argc != 2) return 2;
	size_t words = ((size_t)atoi(argv[1]) << 20) / 8;
	uint64_t *p = mmap(0, words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), sum = 0;
	if (p == MAP_FAILED) return 3;
	for (size_t i = 0; i < words; i++) sum += p[i] = draw();
	signal(SIGTERM, stop);
	printf("%d\n", getpid());
	fflush(stdout);
	while (!end) {
		static double took[MOST];
		int n = 0;
		for (double until = now() + 0.2; now() < until && n < MOST;) {
			double begun = now();
			syscall(SYS_getppid);
			took[n++] = now() - begun;
			size_t i = draw() % (words / 64); // that is there soon, where memory follows
			uint64_t v = draw();
			sum += v - p[i];
			p[i] = v;
			nanosleep(&(struct timespec){0, 200000}, 0);
		}
		qsort(took, n, sizeof *took, by_size);
		printf("%.1f\n", took[n / 2] * 1e6);
		fflush(stdout);
	}
	for (size_t i = 0; i < words; i++) sum -= p[i];
	puts(sum ? "WRONG" : "right");
	return sum != 0;
}
