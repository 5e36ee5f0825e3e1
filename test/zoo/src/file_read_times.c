// The state of an open file tells of what was just read of it, and of what of it cannot be read.
// quick
#include "zoo.h"
// reads opens a file that was read long ago, and says whether its state tells that it is read now.
static int reads(void) {
	char b[100];
	struct stat s;
	must(!utimensat(AT_FDCWD, "times", (struct timespec[2]){{1, 0}, {0, UTIME_OMIT}}, 0));
	int fd = open("times", O_RDONLY);
	must(fd >= 0 && !fstat(fd, &s));
	same(s.st_atim.tv_sec, 1);
	same(read(fd, b, 10), 10);
	must(!fstat(fd, &s));
	int told = s.st_atim.tv_sec != 1;
	same(read(fd, b, 10), 10);
	must(!fstatat(fd, "", &s, AT_EMPTY_PATH));
	same(s.st_atim.tv_sec != 1, told);
	must(!close(fd));
	return told;
}
// direct reads past the kernel's cache, in the end to where that cannot be.
static int direct(void) {
	static char b[3 * 4096] __attribute__((aligned(4096)));
	int fd = open("direct", O_RDONLY | O_DIRECT);
	if (fd < 0) return errno;
	for (int i = 0; i < 5; i++) must(read(fd, b, 4096) == 4096 && b[7] == 'a' + i);
	errno = 0;
	ssize_t n = read(fd, b + 1, 100);
	int e = errno;
	must(!close(fd));
	return n < 0 ? 1000 + e : n;
}
int main(void) {
	static char b[16 * 4096];
	int fd = open("times", O_CREAT | O_TRUNC | O_RDWR, 0600);
	give(fd, b, 1000);
	must(!close(fd));
	fd = open("direct", O_CREAT | O_TRUNC | O_RDWR, 0600);
	for (int i = 0; i < 16; i++) memset(b + i * 4096, 'a' + i, 4096);
	give(fd, b, sizeof b);
	must(!fsync(fd) && !close(fd));
	int told = reads(), gives = direct();
	ready();
	while (more()) {
		same(reads(), told);
		same(direct(), gives);
	}
	return ok();
}
