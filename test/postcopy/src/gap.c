// Holds argv[1] MB and writes into a quarter of one of them all the time. When it is told to
// (SIGUSR1) it says for how many milliseconds it has not got to do that, at the longest, since
// it was asked before.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static void ask(int sig) { (void)sig; asked = 1; }

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char **argv) {
	if (argc < 2) return 2;
	size_t size = (size_t)atoi(argv[1]) << 20, set = 256 << 10;
	unsigned char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) return 3;
	for (size_t i = 0; i < size; i += 4096) p[i] = i >> 12 | 1;
	signal(SIGUSR1, ask);
	printf("%d\n", getpid());
	fflush(stdout);
	int64_t last = now(), longest = 0;
	for (size_t i = 0;; i = (i + 4096) % set) {
		p[i]++;
		int64_t t = now();
		if (t - last > longest) longest = t - last;
		last = t;
		if (!asked) continue;
		asked = 0;
		printf("%lld\n", (long long)(longest / 1000000));
		fflush(stdout);
		longest = 0;
		last = now();
	}
}
