/* Does so many chunks of work, without a system call, and says what came of it and
 * how many microseconds it took. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	long wanted = atol(argv[1]);
	uint64_t x = 88172645463325252ULL, sum = 0;
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (long done = 0; done < wanted; done++) {
		for (int i = 0; i < 1000 * 1000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			sum += x;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%llu %ld\n", (unsigned long long)sum, (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
	return 0;
}
