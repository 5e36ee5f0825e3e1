/* spin N: does N million rounds of arithmetic and says how many microseconds
 * that took; without N it goes on until it is killed, after saying its pid. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long result;

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1L << 40;
	if (argc < 2) {
		printf("%d\n", getpid());
		fflush(stdout);
	}
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	unsigned long x = 1;
	for (long i = 0; i < n * 1000000; i++)
		x = x * 6364136223846793005UL + i;
	result = x;
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%ld\n", (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
	return 0;
}
