// mapped.h: a child that writes to a mapped file while it is moved, and ends away.
#ifndef MAPPED_H
#define MAPPED_H
#include "zoo.h"
enum { size = 3 * 4096 };

// ends_away runs the child until it is told to stop; then it ends as end does. Its parent stays at home, where it does
// what parent does, and finds in the file what was written.
static int ends_away(void (*end)(void), void (*parent)(pid_t)) {
	int p[2];
	must(!pipe(p));
	told();
	pid_t c = child();
	if (c == 0) {
		int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
		must(fd >= 0 && !ftruncate(fd, size));
		unsigned *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(m != MAP_FAILED && !close(fd));
		give(p[1], "m", 1);
		unsigned lap = 0;
		while (more()) {
			m[1] = m[1024] = m[2 * 1024 + 1023] = ++lap;
			m[2048] = 0;
		}
		m[2048] = lap;
		give(p[1], (char *)&lap, sizeof lap);
		end();
		_exit(99);
	}
	close(p[1]);
	char b;
	must(take(p[0], &b, 1));
	ready_as(c);
	unsigned lap, all[size / 4];
	must(take(p[0], (char *)&lap, sizeof lap));
	parent(c);
	int fd = open("mapped", O_RDONLY);
	must(fd >= 0);
	same(read(fd, all, size), size);
	same(all[1], lap);
	same(all[1024], lap);
	same(all[2 * 1024 + 1023], lap);
	same(all[2048], lap);
	close(fd);
	return ok();
}
#endif
