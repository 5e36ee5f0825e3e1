// io_uring set up while away gives what it gives at home, or brings the process home to be given it.
// expect: comes-home
#include "zoo.h"
#include <linux/io_uring.h>
static int attempt(void) {
	struct io_uring_params p = {0};
	int fd = syscall(SYS_io_uring_setup, 4, &p);
	if (fd < 0) return -errno;
	void *m = mmap(0, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	must(m != MAP_FAILED);
	munmap(m, p.sq_off.array + p.sq_entries * 4);
	close(fd);
	return p.features;
}
int main(void) {
	int want = attempt();
	ready();
	while (more()) {
		nap(20);
		int got = attempt();
		must(got == want || got == -ENOSYS);
	}
	return ok();
}
