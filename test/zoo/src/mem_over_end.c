// Memory that a process away has put over the part of a file's mapping that lies beyond the file's end, as the loader does, keeps what is in it.
// quick
#include "zoo.h"
enum { page = 4096, pages = 4, kept = 16, ballast = 8 << 20 };
int main(void) {
	int fd = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && !ftruncate(fd, page));
	must(!close(fd));
	fd = open("short", O_RDONLY);
	char *m[kept] = {0}, *all = malloc(ballast); // so that memory is sent ahead
	must(fd >= 0 && all);
	memset(all, 1, ballast);
	ready();
	for (int lap = 0; more(); lap++) {
		char **at = &m[lap % kept];
		if (*at) must(!munmap(*at, pages * page));
		*at = mmap(0, pages * page, PROT_READ, MAP_PRIVATE, fd, 0);
		must(*at != MAP_FAILED);
		char *over = mmap(*at + 2 * page, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
		must(over == *at + 2 * page);
		memset(over, lap, page);
		memset(over + page, lap + 1, page);
		for (int i = 0; i < ballast; i += page) all[i] = lap;
		nap(3);
		for (int i = 0; i < kept && i <= lap; i++) {
			int then = lap - (lap - i + kept) % kept; // the lap in which it was made
			if (then < 0 || !m[i]) continue;
			same((unsigned char)m[i][2 * page + 9], (unsigned char)then);
			same((unsigned char)m[i][3 * page + 9], (unsigned char)(then + 1));
		}
	}
	return ok();
}
