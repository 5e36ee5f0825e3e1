// A program with so many MiB of memory that all differ, of which it writes into
// little (KiB, at so many places) all the time. It says its number, and at SIGTERM
// whether each page is as it should be.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
static volatile sig_atomic_t over;

static void end(int n) { over = n; }

static uint64_t value(uint64_t page, uint64_t word, uint64_t turn)
{
	uint64_t x = page * 0x9e3779b97f4a7c15 + word * 0xbf58476d1ce4e5b9 + turn * 0x94d049bb133111eb;
	x ^= x >> 29;
	return x * 0xd6e8feb86659fd93;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	uint64_t pages = atol(argv[1]) * 256, busy = atol(argv[2]) / 4, n, w;
	uint64_t *at = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *turn = calloc(pages, 8);
	if (at == MAP_FAILED || !turn)
		return 1;
	signal(SIGTERM, end);
	for (n = 0; n < pages; n++)
		for (w = 0; w < PAGE / 8; w++)
			at[n * (PAGE / 8) + w] = value(n, w, 0);
	printf("%d\n", getpid());
	fflush(stdout);
	struct timespec pause = {0, 1000000};
	for (uint64_t i = 0; !over; i++) {
		if (!busy)
			continue;
		n = i % busy * (pages / busy);
		turn[n]++;
		for (w = 0; w < PAGE / 8; w++)
			at[n * (PAGE / 8) + w] = value(n, w, turn[n]);
		nanosleep(&pause, 0);
	}
	for (n = 0; n < pages; n++)
		for (w = 0; w < PAGE / 8; w++)
			if (at[n * (PAGE / 8) + w] != value(n, w, turn[n])) {
				printf("page %lu is wrong\n", n);
				return 1;
			}
	printf("right\n");
	return 0;
}
