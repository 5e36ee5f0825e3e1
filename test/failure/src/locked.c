// locked holds locked memory, and looks that it is, until the file named by its argument is there.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { Size = 3 << 20 };

static long locked(void) {
	static char line[256];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "VmLck:", 6)) kb = atol(line + 6);
	if (f) fclose(f);
	return kb;
}

int main(int argc, char **argv) {
	char *m = mmap(0, 2 * Size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (argc < 2 || m == MAP_FAILED || mlock(m, Size) || mlock2(m + Size, Size, MLOCK_ONFAULT)) return 2;
	puts("holds");
	fflush(stdout);
	unsigned char *in = malloc(Size / 4096), lap = 0;
	for (; access(argv[1], F_OK); lap++) {
		// Opened before a move and read after it, the file tells of the deputy: docs/health.md.
		if (locked() != 2 * Size / 1024 && locked() != 2 * Size / 1024) return 3;
		if (mincore(m, Size, in)) return 4;
		for (int i = 0; i < Size / 4096; i++)
			if (!(in[i] & 1)) return 5;
		for (int i = 0; i < 2 * Size; i += 4096) {
			if (m[i] != (char)lap) return 6;
			m[i]++;
		}
		usleep(1000);
	}
	if (munlock(m, Size) || locked() != Size / 1024) return 7;
	puts("counted");
	return 0;
}
