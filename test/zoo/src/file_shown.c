// Who has a file mapped shared, only to be read, sees at once what is written to it: by another process, by itself, and in a child that has inherited the mapping.
// expect: comes-home
// quick
#include "zoo.h"
enum { size = 8192 };
static void write_at(int at, int lap) {
	int fd = open("shown", O_WRONLY);
	must(fd >= 0);
	same(pwrite(fd, &lap, sizeof lap, at), sizeof lap);
	close(fd);
}
int main(void) {
	int ask[2], answer[2], lap;
	char zeros[size] = {0};
	must(!pipe(ask) && !pipe(answer));
	int fd = open("shown", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	give(fd, zeros, size);
	close(fd);
	told();
	pid_t writer = child(); // stays at home
	if (writer == 0) {
		close(ask[1]);
		while (read(ask[0], &lap, sizeof lap) == sizeof lap) {
			write_at(4096, lap);
			write_at(8000, lap);
			must(write(answer[1], &lap, sizeof lap) == sizeof lap);
		}
		_exit(0);
	}
	close(ask[0]);
	int ro = open("shown", O_RDONLY);
	volatile char *m = mmap(0, size, PROT_READ, MAP_SHARED, ro, 0);
	must(m != MAP_FAILED);
	ready();
	for (int lap = 1; more(); lap++) {
		nap(lap % 4 * 40);
		volatile char *n = 0;
		if (lap % 3 == 0) {
			n = mmap(0, 4096, PROT_READ, MAP_SHARED, ro, 4096);
			must(n != MAP_FAILED);
		}
		pid_t c = 0;
		if (lap % 5 == 0 && (c = child()) == 0) {
			for (double end = now() + 10; *(volatile int *)m != lap && now() < end;) nap(5);
			same(*(volatile int *)m, lap);
			_exit(0);
		}
		must(write(ask[1], &lap, sizeof lap) == sizeof lap);
		int got;
		same(read(answer[0], &got, sizeof got), sizeof got);
		same(got, lap);
		same(*(volatile int *)(m + 4096), lap);
		same(*(volatile int *)(m + 8000), lap);
		if (n) {
			same(*(volatile int *)n, lap);
			must(!munmap((char *)n, 4096));
		}
		nap(lap % 2 * 30);
		write_at(0, lap);
		same(*(volatile int *)m, lap);
		if (c) exits(c, 0);
	}
	close(ask[1]);
	exits(writer, 0);
	return ok();
}
