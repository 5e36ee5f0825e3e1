// A program with little address space executes another, which keeps the limit.
#include "zoo.h"
#include <sys/resource.h>
int main(void) {
	ready();
	while (more()) {
		pid_t c = child();
		if (!c) {
			struct rlimit l = {24 << 20, 24 << 20};
			if (setrlimit(RLIMIT_AS, &l)) _exit(8);
			execl("/bin/sh", "sh", "-c", "test $(ulimit -v) = 24576", (char *)0);
			_exit(9);
		}
		exits(c, 0);
	}
	return ok();
}
