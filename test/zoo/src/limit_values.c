// Resource limits: read, set, and obeyed, by getrlimit, setrlimit and prlimit.
#include "zoo.h"
static volatile int xfsz;
static void on(int s, siginfo_t *i, void *u) { xfsz++; }
int main(void) {
	close_range(3, 150, 0);
	struct rlimit r, old, files = {300, 400};
	must(!setrlimit(RLIMIT_NOFILE, &files));
	told();
	handle(SIGXFSZ, on, 0);
	ready();
	for (int n = 1; more(); n++) {
		must(!getrlimit(RLIMIT_NOFILE, &r));
		must(r.rlim_cur == 300 && r.rlim_max == 400);
		must(!prlimit(0, RLIMIT_NOFILE, &(struct rlimit){20, 400}, &old));
		same(old.rlim_cur, 300);
		int first = open("/dev/null", O_RDONLY), fd;
		for (int i = first + 1; i < 20; i++) same(fd = open("/dev/null", O_RDONLY), i);
		fails(open("/dev/null", O_RDONLY), EMFILE);
		close_range(first, 19, 0);
		must(!prlimit(getpid(), RLIMIT_NOFILE, &files, 0));
		same(sysconf(_SC_OPEN_MAX), 300);
		int out = open("limited", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		must(out >= 0 && !getrlimit(RLIMIT_FSIZE, &old));
		must(!setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, old.rlim_max}));
		char b[2000] = {0};
		same(write(out, b, 2000), 1000);
		fails(write(out, b, 1), EFBIG);
		same(xfsz, n);
		must(!setrlimit(RLIMIT_FSIZE, &old));
		close(out);
		must(!getrlimit(RLIMIT_STACK, &r) && !getrlimit(RLIMIT_AS, &r));
		fails(setrlimit(RLIMIT_NOFILE, &(struct rlimit){500, 400}), EINVAL);
		fails(getrlimit(99, &r), EINVAL);
		must(!prlimit(getppid(), RLIMIT_CORE, 0, &r) || errno == EPERM);
	}
	return ok();
}
