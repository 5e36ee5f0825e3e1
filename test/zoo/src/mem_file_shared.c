// A shared writable mapping made while away is coherent with the file at home: writes through it are in the file, and the other way round.
// expect: comes-home
#include "zoo.h"
int main(void) {
	int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(!ftruncate(fd, 8192));
	ready();
	// While it has the mapping beside the descriptor it may not move: most of the time it has none, however slow the machine.
	for (int lap = 0, pause = 20; more(); lap++) {
		nap(pause);
		double start = now();
		char *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), b[16];
		must(m != MAP_FAILED);
		memcpy(m + 4090, "across pages", 12);
		same(pread(fd, b, 12, 4090), 12);
		must(!memcmp(b, "across pages", 12));
		pid_t c = child();
		if (c == 0) pwrite(fd, "by the child", 12, 100), _exit(0);
		exits(c, 0);
		must(!memcmp(m + 100, "by the child", 12));
		must(!msync(m, 8192, MS_SYNC) && !munmap(m, 8192));
		pause = 20 + (int)((now() - start) * 5000) % 1000;
	}
	return ok();
}
