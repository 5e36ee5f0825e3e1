// job NUMBER computes for about 50 ms of CPU time, and prints what came out.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int main(int argc, char **argv) {
	uint64_t x = argc > 1 ? strtoull(argv[1], 0, 10) * 2654435761u + 1 : 1;
	for (long i = 0; i < 30000000; i++) x = x * 6364136223846793005u + 1442695040888963407u;
	printf("%s %llu\n", argc > 1 ? argv[1] : "", (unsigned long long)x);
	return 0;
}
