// A file that the process has open besides its mapping is one file: what goes by the descriptor, and what others do with the file, agrees with the mapping; its locks stay.
// expect: comes-home
// quick
#include "zoo.h"
enum { page = 4096, size = 3 * page };
int main(void) {
	int ask[2], answer[2];
	must(!pipe(ask) && !pipe(answer));
	told();
	pid_t other = child(); // stays at home
	if (other == 0) {
		close(ask[1]);
		for (unsigned lap; read(ask[0], &lap, sizeof lap) == sizeof lap;) {
			unsigned b[2] = {0};
			struct flock l = {.l_type = F_WRLCK, .l_start = 100, .l_len = 1};
			int fd = open("mapped", O_RDWR);
			must(fd >= 0 && !fcntl(fd, F_GETLK, &l));
			same(l.l_type, F_WRLCK);
			same(l.l_pid, getppid());
			same(flock(fd, LOCK_EX | LOCK_NB), -1);
			same(pread(fd, b, sizeof b, 4092), sizeof b);
			must(b[0] == lap && b[1] == ~lap);
			same(pwrite(fd, &lap, sizeof lap, 200), sizeof lap);
			close(fd);
			must(write(answer[1], &lap, sizeof lap) == sizeof lap);
		}
		_exit(0);
	}
	close(ask[0]);
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct flock l = {.l_type = F_WRLCK, .l_start = 100, .l_len = 1};
	must(fd >= 0 && !ftruncate(fd, size) && !fcntl(fd, F_SETLK, &l) && !flock(fd, LOCK_EX));
	unsigned char *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(m != MAP_FAILED);
	same(lseek(fd, 77, SEEK_SET), 77);
	ready();
	for (unsigned lap = 1, got; more(); lap++) {
		unsigned pair[2] = {lap, ~lap};
		memcpy(m + 4092, pair, sizeof pair);
		nap(30);
		same(lseek(fd, 0, SEEK_CUR), 77);
		same(fcntl(fd, F_GETOWN), 0);
		if (lap % 4 == 1) {
			unsigned b[2];
			same(pread(fd, b, sizeof b, 4092), sizeof b);
			must(b[0] == lap && b[1] == ~lap);
			same(pwrite(fd, &lap, sizeof lap, 300), sizeof lap);
			same(*(unsigned *)(m + 300), lap);
		}
		if (lap % 4 == 2) {
			must(write(ask[1], &lap, sizeof lap) == sizeof lap);
			must(take(answer[0], (char *)&got, sizeof got));
			same(*(unsigned *)(m + 200), lap);
		}
		if (lap % 4 == 3) {
			unsigned *n = mmap(0, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page);
			must(n != MAP_FAILED);
			same(n[0], (~lap) & ~0u);
			n[9] = lap;
			same(*(unsigned *)(m + page + 36), lap);
			must(!munmap(n, page));
		}
	}
	close(ask[1]);
	exits(other, 0);
	return ok();
}
