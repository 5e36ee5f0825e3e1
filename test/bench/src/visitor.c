// Holds argv[1] MB and visits its pages, one after the other (argv[2]: scan) or at
// random, with some work on each. Each tenth of a second it tells how many it has visited.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 512, WORK = 40 };

static uint64_t state = 88172645463325252ull;
static uint64_t draw(void) {
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
	if (argc != 3) return 2;
	size_t pages = (size_t)atoi(argv[1]) << 8;
	int scan = !strcmp(argv[2], "scan");
	uint64_t *p = mmap(0, pages << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) return 3;
	for (size_t i = 0; i < pages * WORDS; i++) p[i] = i;
	printf("%d\n", getpid());
	fflush(stdout);
	double next = now() + 0.1;
	uint64_t seen = 0, sum = 0;
	for (size_t at = 0;; seen++) {
		at = scan ? (at + 1) % pages : draw() % pages;
		uint64_t *q = p + at * WORDS;
		if (q[7] != at * WORDS + 7) {
			puts("WRONG");
			return 1;
		}
		for (int w = 0; w < WORK; w++)
			for (int i = 0; i < WORDS; i++) sum = sum * 31 + q[i];
		if (now() < next) continue;
		printf("%lu %lu\n", seen, sum & 1);
		fflush(stdout);
		seen = 0;
		next += 0.1;
	}
}
