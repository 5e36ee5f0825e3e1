// Memory that processes share and have open grows and shrinks, is mapped anew, and is passed on through a socket.
// expect: comes-home
#include "zoo.h"
#include "passing.h"
enum { page = 4096 };
int main(void) {
	int to[2];
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, to));
	pid_t c = child();
	if (c == 0) {
		close(to[0]); // it has the memory by what it is passed only
		for (;;) {
			int fd = passed(to[1]), n, size;
			must(fd >= 0);
			size = lseek(fd, 0, SEEK_END);
			volatile int *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			must(m != MAP_FAILED);
			n = m[1];
			same(m[size / 4 - 1], n);
			for (int i = 0; i < 50; i++) {
				same(pread(fd, &n, sizeof n, 4), (long)sizeof n);
				m[2] = n + i, m[size / 4 - 2] = n + i;
			}
			must(!ftruncate(fd, size + page)); // for the next one to see
			must(!munmap((void *)m, size));
			must(!close(fd));
			m = 0;
			char done = n < 0 ? 2 : 1;
			same(write(to[1], &done, 1), 1);
			if (n < 0) _exit(0);
		}
	}
	close(to[1]);
	ready();
	for (int n = 1, last = 0; !last; n++) {
		last = !more();
		int fd = memfd_create("resized", MFD_CLOEXEC), size = (1 + n % 3) * page;
		must(fd >= 0 && !ftruncate(fd, size));
		volatile int *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(m != MAP_FAILED);
		m[1] = m[size / 4 - 1] = last ? -1 : n;
		pass(to[0], fd);
		char done;
		while (recv(to[0], &done, 1, MSG_DONTWAIT) < 0) {
			must(errno == EAGAIN);
			int seen[2];
			same(pread(fd, seen, 8, 4), 8);
			must(seen[0] == m[1]);
			sched_yield();
		}
		same(lseek(fd, 0, SEEK_END), size + page);
		same(m[2], m[1] + 49);
		same(m[size / 4 - 2], m[1] + 49);
		must(!munmap((void *)m, size));
		m = mmap(0, size + page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(m != MAP_FAILED);
		same(m[size / 4], 0);
		same(m[2], m[1] + 49);
		must(!munmap((void *)m, size + page));
		must(!close(fd));
	}
	exits(c, 0);
	return ok();
}
