// Holds argv[1] MB of random bytes and keeps writing into the first of them, or
// into argv[2] MB. A running sum tells at the end (SIGTERM) whether a byte was lost.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile sig_atomic_t end;
static void stop(int sig) { (void)sig; end = 1; }

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
	printf("%d\n", getpid());
	fflush(stdout);
	while (!end) {
		size_t i = draw() % (set / 8);
		uint64_t v = draw();
		sum += v - p[i];
		p[i] = v;
	}
	for (size_t i = 0; i < words; i++) sum -= p[i];
	puts(sum ? "WRONG" : "right");
	return sum != 0;
}
