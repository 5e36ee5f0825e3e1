// Descriptor numbers are dealt lowest first; dup, dup2, dup3, close_range and close-on-exec flags behave; /proc/self/fd lists them.
// quick
#include "zoo.h"
#include <dirent.h>
int main(void) {
	close_range(3, 150, 0);
	ready();
	while (more()) {
		int a = open("/dev/null", O_RDWR), b = dup(a);
		same(a, 3);
		same(b, 4);
		same(dup2(a, 50), 50);
		same(fcntl(a, F_DUPFD_CLOEXEC, 10), 10);
		same(fcntl(10, F_GETFD), FD_CLOEXEC);
		same(dup3(a, 11, O_CLOEXEC), 11);
		fails(dup3(a, a, 0), EINVAL);
		same(dup2(a, a), a);
		fails(dup2(99, 5), EBADF);
		DIR *d = opendir("/proc/self/fd");
		must(d);
		uint64_t seen = 0;
		for (struct dirent *e; (e = readdir(d));)
			if (atoi(e->d_name) < 64 && e->d_name[0] != '.') seen |= 1ull << atoi(e->d_name);
		uint64_t list = 1ull << dirfd(d);
		closedir(d);
		same(seen & ~7ull & ~list, 1ull << 3 | 1ull << 4 | 1ull << 10 | 1ull << 11 | 1ull << 50);
		char l[64] = {0};
		must(readlink("/proc/self/fd/50", l, sizeof l - 1) > 0);
		must(!strcmp(l, "/dev/null"));
		must(!close(4));
		same(open("/dev/zero", O_RDONLY | O_CLOEXEC), 4);
		int zero = -1;
		same(read(4, &zero, 4), 4);
		same(zero, 0);
		must(!close_range(4, 60, 0));
		fails(fcntl(50, F_GETFD), EBADF);
		fails(close(10), EBADF);
		must(!close(3));
	}
	return ok();
}
