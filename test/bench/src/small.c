// Has used 1 MB of memory, says so, and sleeps.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) {
	volatile char *p = malloc(1 << 20);
	for (int i = 0; i < 1 << 20; i++) p[i] = 1;
	puts("ready");
	fflush(stdout);
	for (;;) pause();
}
