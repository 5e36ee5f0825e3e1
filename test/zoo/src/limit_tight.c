// A process that has used up what its soft limits allow of descriptors, files' sizes and, nearly, memory moves all the same, and is still bound by them.
// quick
#include "zoo.h"
static long pages(void) {
	char b[128];
	long n;
	slurp("/proc/self/statm", b, sizeof b);
	must(sscanf(b, "%ld", &n) == 1);
	return n;
}
static void soft(int resource, rlim_t v) { // past the hard ones nobody but an administrator could go
	struct rlimit r;
	must(!getrlimit(resource, &r));
	r.rlim_cur = v;
	must(!setrlimit(resource, &r));
}
int main(void) {
	told();
	signal(SIGXFSZ, SIG_IGN);
	long have = pages() * 4096;
	soft(RLIMIT_STACK, 1 << 20), soft(RLIMIT_AS, have + (16 << 20)), soft(RLIMIT_DATA, 64 << 20);
	soft(RLIMIT_NOFILE, 20), soft(RLIMIT_FSIZE, 0);
	int fd, last = -1, file = open("empty", O_CREAT | O_WRONLY, 0600);
	must(file >= 0);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0) last = fd;
	same(last, 19);
	ready();
	while (more()) {
		fails(open("/dev/null", O_RDONLY), EMFILE);
		fails(open("/proc/self/status", O_RDONLY), EMFILE);
		fails(write(file, "x", 1), EFBIG);
		must(mmap(0, 32 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
		same(errno, ENOMEM);
		char *m = mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(m != MAP_FAILED);
		m[0] = m[(8 << 20) - 1] = 1;
		must(!munmap(m, 8 << 20));
		struct rlimit r;
		must(!getrlimit(RLIMIT_AS, &r) && r.rlim_cur == (rlim_t)have + (16 << 20));
		must(!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur == 20 && r.rlim_max > 20);
	}
	return ok();
}
