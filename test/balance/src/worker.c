/* Computes the same over and over, without a system call, until it is told to
 * end (SIGTERM), compares, and says how that went. Says its pid first. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t chunk(void)
{
	uint64_t x = 88172645463325252ULL, sum = 0;
	for (int i = 0; i < 20 * 1000 * 1000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		sum += x;
	}
	return sum;
}

static volatile sig_atomic_t over;

static void end(int sig)
{
	(void)sig;
	over = 1;
}

int main(void)
{
	signal(SIGTERM, end);
	printf("%d\n", (int)getpid());
	fflush(stdout);
	uint64_t first = chunk();
	do {
		if (chunk() != first) {
			puts("wrong");
			return 1;
		}
	} while (!over);
	puts("right");
	return 0;
}
