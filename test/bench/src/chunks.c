/* Does so many chunks of work, without a system call, and says what came of it;
 * told to end before (SIGTERM) it says how many it has done. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t over;

static void end(int sig)
{
	(void)sig;
	over = 1;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	long wanted = atol(argv[1]), done = 0;
	uint64_t x = 88172645463325252ULL, sum = 0;
	signal(SIGTERM, end);
	puts("begun");
	fflush(stdout);
	while (done < wanted && !over) {
		for (int i = 0; i < 1000 * 1000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			sum += x;
		}
		done++;
	}
	printf("%ld %llu\n", done, (unsigned long long)sum);
	return 0;
}
