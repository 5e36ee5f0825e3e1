// Holds argv[1] MB of random bytes and keeps writing into the first of them, or
// into argv[2] MB. A running sum tells at the end (SIGTERM) whether a byte was lost.
// SIGUSR1 asks for the longest time, in us, in which it wrote nothing since it was
// asked last.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t end, asked;
static void stop(int sig) { (void)sig; end = 1; }
static void ask(int sig) { (void)sig; asked = 1; }

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// still is told at each 16th write, so that the clock is a small part of the work.
static void still(void) {
	static int64_t last, longest;
	int64_t t = now();
	if (last && t - last > longest) longest = t - last;
	if (asked) {
		printf("still %lld\n", (long long)longest);
		fflush(stdout);
		asked = longest = 0;
		t = now();
	}
	last = t;
}

static uint64_t state = 88172645463325252ull;
static uint64_t draw(void) {
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

int main(int argc, char **argv) {
	if (argc < 2) return 2;
	size_t set = (argc > 2 ? (size_t)atoi(argv[2]) : 1) << 20;
	size_t words = ((size_t)atoi(argv[1]) << 20) / 8;
	uint64_t *p = mmap(0, words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) return 3;
	uint64_t sum = 0;
	for (size_t i = 0; i < words; i++) sum += p[i] = draw();
	signal(SIGTERM, stop);
	signal(SIGUSR1, ask);
	printf("%d\n", getpid());
	fflush(stdout);
	for (unsigned n = 0; !end; n++) {
		if (n % 16 == 0) still();
		size_t i = draw() % (set / 8);
		uint64_t v = draw();
		sum += v - p[i];
		p[i] = v;
	}
	for (size_t i = 0; i < words; i++) sum -= p[i];
	puts(sum ? "WRONG" : "right");
	return sum != 0;
}
