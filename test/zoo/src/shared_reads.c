// A file that another process changes, and says so in memory that both have, is read as it is then.
#include "zoo.h"
static void rewrite(int turn) {
	char b[64];
	int n = snprintf(b, sizeof b, "turn %09d", turn), fd = open("shared.read", O_WRONLY | O_CREAT, 0600);
	must(fd >= 0 && write(fd, b, n) == n && !close(fd));
}
int main(void) {
	volatile int *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	rewrite(0);
	pid_t c = child();
	if (c == 0) {
		for (int turn = 0; m[2] == 0; sched_yield())
			if (m[0] != turn) rewrite(turn = m[0]), m[1] = turn;
		_exit(3);
	}
	ready();
	for (int lap = 1; more(); lap++) {
		char b[64] = "", want[64];
		snprintf(want, sizeof want, "turn %09d", lap);
		int fd = open("shared.read", O_RDONLY);
		must(fd >= 0);
		m[0] = lap;
		while (m[1] != lap) sched_yield();
		must(read(fd, b, sizeof b - 1) > 0 && !close(fd));
		if (strcmp(b, want)) fail(__FILE__, __LINE__, "read %s, not %s", b, want);
	}
	m[2] = 1;
	exits(c, 3);
	return ok();
}
