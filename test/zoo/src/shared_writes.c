// What a process has written piece by piece is there when it says so in memory that it shares with another one.
#include "zoo.h"
enum { Pieces = 9, Size = 100 };
int main(void) {
	volatile int *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	int fd = open("shared.written", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	pid_t c = child();
	if (c == 0) {
		close(fd);
		for (int turn = 0; m[2] == 0; sched_yield())
			if (m[0] != turn) {
				struct stat st;
				turn = m[0];
				must(!stat("shared.written", &st));
				m[3] = st.st_size;
				m[1] = turn;
			}
		_exit(3);
	}
	ready();
	for (int lap = 1; more(); lap++) {
		char piece[Size] = "piece";
		for (int i = 0; i < Pieces; i++) same(write(fd, piece, Size), Size);
		m[0] = lap;
		while (m[1] != lap) sched_yield();
		same(m[3], lap * Pieces * Size);
	}
	m[2] = 1;
	exits(c, 3);
	return ok();
}
