// Files mapped while away, private and shared for reading, hold the file's bytes, and zeros after its end.
// quick
#include "zoo.h"
int main(void) {
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	enum { Size = 4096 * 150 + 100 };
	char *b = malloc(Size);
	for (int i = 0; i < Size; i++) b[i] = i * 13 + i / 4096;
	give(fd, b, Size);
	must(!close(fd) && (fd = open("mapped", O_RDONLY)) >= 0); // open to write it would be seen at home only
	ready();
	while (more()) {
		int ro = open("mapped", O_RDONLY);
		char *p = mmap(0, Size, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0);
		char *s = mmap(0, Size - 8192, PROT_READ, MAP_SHARED, ro, 8192);
		must(p != MAP_FAILED && s != MAP_FAILED);
		close(ro);
		must(!memcmp(p, b, Size));
		must(!memcmp(s, b + 8192, Size - 8192));
		for (int i = Size; i < 4096 * 151; i++) same(p[i], 0);
		memset(p + 5000, 1, 10000);
		must(!memcmp(s, b + 8192, Size - 8192));
		must(!munmap(p, 4096) && !memcmp(p + 20000, b + 20000, Size - 20000));
		char *f = mmap(p + 40960, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 4096 * 3);
		must(f == p + 40960 && !memcmp(f, b + 4096 * 3, 4096));
		must(!munmap(p + 4096, Size - 4096) && !munmap(s, Size - 8192));
		must(mmap(0, 4096, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED && errno == EBADF);
		must(mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 7) == MAP_FAILED && errno == EINVAL);
	}
	return ok();
}
