// A program that has limited its address space for good (ulimit -v) goes on making children and executing programs.
// quick
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		pid_t c = child();
		if (!c) {
			if (setrlimit(RLIMIT_AS, &(struct rlimit){100 << 20, 100 << 20})) _exit(8);
			for (int i = 0; i < 2; i++) {
				pid_t d = child();
				if (!d) {
					execl("/bin/sh", "sh", "-c", "test $(ulimit -v) = 102400 && test $(ulimit -H -v) = 102400", (char *)0);
					_exit(9);
				}
				exits(d, 0);
			}
			if (mmap(0, 120 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED || errno != ENOMEM) _exit(10);
			_exit(0);
		}
		exits(c, 0);
	}
	return ok();
}
