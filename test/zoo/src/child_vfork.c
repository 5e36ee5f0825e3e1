// vfork while away: the parent sleeps until the child execs or exits, and they share memory until then.
#include "zoo.h"
static volatile int shared;
int main(int argc, char **argv) {
	if (argc > 1) return strcmp(argv[1], "exec me") ? 1 : 42;
	ready();
	while (more()) {
		shared = 0;
		pid_t c = vfork();
		must(c >= 0);
		if (c == 0) {
			shared = 7;
			_exit(3);
		}
		same(shared, 7);
		exits(c, 3);
		shared = 0;
		c = vfork();
		must(c >= 0);
		if (c == 0) {
			shared = 8;
			execl("/proc/self/exe", "child", "exec me", NULL);
			_exit(127);
		}
		same(shared, 8);
		exits(c, 42);
		c = vfork();
		must(c >= 0);
		if (c == 0) {
			execl("/no/such/program", "child", NULL);
			shared = errno;
			_exit(127);
		}
		same(shared, ENOENT);
		exits(c, 127);
	}
	return ok();
}
