// File offsets move with reads, writes and seeks; pread and pwrite leave them; O_APPEND writes at the end.
// quick
#include "zoo.h"
int main(void) {
	int fd = open("offset", O_RDWR | O_CREAT | O_TRUNC, 0640);
	int ap = open("offset.log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	must(fd >= 0 && ap >= 0);
	ready();
	char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 4096;
	must(!mprotect(edge, 4096, PROT_NONE));
	off_t at = 0;
	int laps = 0;
	char b[64];
	while (more()) {
		same(lseek(fd, 0, SEEK_CUR), at);
		int n = snprintf(b, sizeof b, "line %06d\n", laps++);
		same(write(fd, b, n), n);
		at += n;
		same(lseek(fd, 0, SEEK_CUR), at);
		same(pwrite(fd, "LINE", 4, at - n), 4);
		same(pread(fd, b, n, at - n), n);
		must(!memcmp(b, "LINE ", 5) && atoi(b + 5) == laps - 1);
		same(lseek(fd, 0, SEEK_CUR), at);
		same(lseek(fd, 0, SEEK_END), at);
		same(lseek(fd, 0, SEEK_SET), 0);
		same(read(fd, b, 4), 4);
		must(!memcmp(b, "LINE", 4));
		fails(read(fd, edge, 4), EFAULT); // what cannot be stored is not read
		same(lseek(fd, 0, SEEK_CUR), 4);
		same(read(fd, edge - 3, 6), 3);
		must(!memcmp(edge - 3, " 00", 3));
		same(lseek(fd, 0, SEEK_CUR), 7);
		same(lseek(fd, at, SEEK_SET), at);
		struct stat s;
		must(!fstat(fd, &s));
		same(s.st_size, at);
		same(s.st_mode, S_IFREG | 0640);
		same(lseek(ap, 0, SEEK_SET), 0);
		same(write(ap, "a", 1), 1);
		must(!fstat(ap, &s));
		same(s.st_size, laps);
		must(!ftruncate(fd, at + 100) && !ftruncate(fd, at));
		fails(lseek(fd, -1, SEEK_SET), EINVAL);
		must(!fsync(fd));
	}
	return ok();
}
