// A descriptor shared with a child that stays at home has one offset and one set of status flags.
#include "zoo.h"
int main(void) {
	int fd = open("shared-offset", O_RDWR | O_CREAT | O_TRUNC, 0600), go[2], done[2];
	must(fd >= 0 && !pipe(go) && !pipe(done));
	int twin = dup(fd);
	pid_t c = child();
	if (c == 0) {
		close(go[1]), close(done[0]);
		char b;
		while (read(go[0], &b, 1) == 1) {
			give(fd, "home!", 5);
			give(done[1], "d", 1);
		}
		_exit(4);
	}
	close(go[0]), close(done[1]);
	ready();
	off_t at = 0;
	while (more()) {
		give(fd, "away", 4);
		give(go[1], "g", 1);
		char b[16];
		must(take(done[0], b, 1));
		at += 9;
		same(lseek(twin, 0, SEEK_CUR), at);
		same(pread(twin, b, 9, at - 9), 9);
		must(!memcmp(b, "awayhome!", 9));
		int f = fcntl(twin, F_GETFL);
		must(!fcntl(twin, F_SETFL, f ^ O_APPEND));
		same(fcntl(fd, F_GETFL), f ^ O_APPEND);
		must(!fcntl(fd, F_SETFL, f));
	}
	close(go[1]);
	exits(c, 4);
	return ok();
}
