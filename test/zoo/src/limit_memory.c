// RLIMIT_AS and RLIMIT_DATA bound what a program may map while away as they do at home.
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		struct rlimit old;
		must(!getrlimit(RLIMIT_AS, &old));
		must(!setrlimit(RLIMIT_AS, &(struct rlimit){256 << 20, old.rlim_max}));
		must(mmap(0, 512 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
		same(errno, ENOMEM);
		must(!malloc(400 << 20));
		void *m = mmap(0, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(m != MAP_FAILED && !munmap(m, 16 << 20));
		must(!setrlimit(RLIMIT_AS, &old));
		m = mmap(0, 512 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		must(m != MAP_FAILED && !munmap(m, 512 << 20));
	}
	return ok();
}
