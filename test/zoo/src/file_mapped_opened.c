// Who opens a file that a process elsewhere has mapped to be written sees all that was written to it, and what he writes is seen: another process as well as the process itself.
// expect: comes-home
// quick
#include "zoo.h"
enum { size = 8192 };
int main(void) {
	int ask[2], answer[2];
	must(!pipe(ask) && !pipe(answer));
	told();
	pid_t reader = child(); // stays at home
	if (reader == 0) {
		close(ask[1]);
		for (unsigned lap; read(ask[0], &lap, sizeof lap) == sizeof lap;) {
			unsigned b[2];
			int fd = open("mapped", O_RDWR);
			must(fd >= 0);
			same(pread(fd, b, sizeof b, 4092), sizeof b);
			must(b[0] == lap && b[1] == ~lap);
			must(pwrite(fd, &lap, sizeof lap, 100) == sizeof lap);
			close(fd);
			must(write(answer[1], &lap, sizeof lap) == sizeof lap);
		}
		_exit(0);
	}
	close(ask[0]);
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && !ftruncate(fd, size));
	unsigned char *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(m != MAP_FAILED && !close(fd));
	ready();
	for (unsigned lap = 1, got; more(); lap++) {
		unsigned pair[2] = {lap, ~lap};
		memcpy(m + 4092, pair, sizeof pair);
		if (lap % 3 == 0) {
			unsigned b[2];
			must((fd = open("mapped", O_RDONLY)) >= 0);
			same(pread(fd, b, sizeof b, 4092), sizeof b);
			must(b[0] == lap && b[1] == ~lap);
			close(fd);
		}
		if (lap % 5 == 0) must(!msync(m, size, MS_SYNC));
		if (lap % 2 == 0) {
			must(write(ask[1], &lap, sizeof lap) == sizeof lap);
			must(take(answer[0], &got, sizeof got));
			same(*(unsigned *)(m + 100), lap);
		}
		nap(30);
	}
	close(ask[1]);
	exits(reader, 0);
	return ok();
}
