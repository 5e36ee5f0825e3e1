// Holds argv[1] MB and waits for lines: in each thread of argv[2] in a read of the same pipe. When all
// have got one, it looks at all of its memory.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void *wait_for_one(void *unused) {
	char c;
	return read(0, &c, 1) == 1 ? unused : (void *)1;
}

int main(int argc, char **argv) {
	if (argc != 3) return 2;
	size_t words = ((size_t)atoi(argv[1]) << 20) / 8;
	int threads = atoi(argv[2]);
	uint64_t *p = mmap(0, words * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t[64];
	if (p == MAP_FAILED || threads > 64) return 3;
	for (size_t i = 0; i < words; i++) p[i] = i * 0x9E3779B97F4A7C15ull;
	printf("%d\n", getpid());
	fflush(stdout);
	for (int i = 1; i < threads; i++)
		if (pthread_create(&t[i], 0, wait_for_one, 0)) return 4;
	int wrong = wait_for_one(0) != 0;
	for (int i = 1; i < threads; i++) {
		void *result;
		if (pthread_join(t[i], &result)) return 5;
		wrong |= result != 0;
	}
	for (size_t i = 0; i < words; i++) wrong |= p[i] != i * 0x9E3779B97F4A7C15ull;
	puts(wrong ? "WRONG" : "right");
	return wrong;
}
