// Memory of a process's own grows by a descriptor that another process gets, uses and closes while it is looked who has it.
// expect: comes-home
#include "zoo.h"
#include "passing.h"
enum { page = 4096 };
int main(void) {
	int to[2];
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, to));
	pid_t c = child();
	if (c == 0) {
		close(to[0]);
		for (int lap = 0;; lap++) {
			nap(lap % 4 * 4); // it waits in the socket meanwhile
			int fd = passed(to[1]);
			if (fd < 0) _exit(0);
			must(!ftruncate(fd, 3 * page));
			same(pwrite(fd, &lap, sizeof lap, 2 * page), (long)sizeof lap);
			must(!close(fd));
		}
	}
	close(to[1]);
	ready();
	for (int lap = 0; more(); lap++) {
		int fd = memfd_create("grown", MFD_CLOEXEC);
		must(fd >= 0 && !ftruncate(fd, page));
		volatile int *m = mmap(0, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(m != MAP_FAILED);
		m[1] = lap;
		pass(to[0], fd);
		while (lseek(fd, 0, SEEK_END) < 3 * page) nap(1);
		nap(1); // until it has been written to, too
		volatile int *more = mmap(0, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(more != MAP_FAILED);
		for (double t = now(); more[2 * page / 4] != lap;) must(now() - t < 10);
		same(more[1], lap);
		same(more[page / 4], 0);
		must(!munmap((void *)more, 3 * page));
		must(!munmap((void *)m, page));
		must(!close(fd));
	}
	close(to[0]);
	exits(c, 0);
	return ok();
}
