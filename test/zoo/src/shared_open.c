// Memory that processes share and one of them has open: what is read and written by its descriptor is what the others see.
#include "zoo.h"
enum { size = 8192 };
int main(void) {
	int fd = memfd_create("open", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, size));
	volatile int *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(m != MAP_FAILED);
	pid_t c = child();
	if (c == 0) {
		for (;; sched_yield()) {
			int n;
			same(pread(fd, &n, sizeof n, 0), (long)sizeof n);
			if (n < 0) _exit(0);
			same(pwrite(fd, &n, sizeof n, sizeof n), (long)sizeof n);
		}
	}
	must(!close(fd));
	ready();
	for (int n = 1; more(); n++) {
		m[0] = n;
		for (double t = now(); m[1] != n; sched_yield()) must(now() - t < 20);
	}
	m[0] = -1;
	exits(c, 0);
	return ok();
}
