// What is written to a file that is mapped shared, and that nobody has open, is in it wherever it was written.
// quick
#include "zoo.h"
enum { page = 4096, size = 5 * page + 100 };
int main(void) {
	char name[] = "mapped";
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && !ftruncate(fd, size));
	unsigned char *m = mmap(0, 8 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(m != MAP_FAILED && !close(fd));
	memset(m + page, 'x', page);
	// Unmapped memory of the file is the file's nevertheless.
	unsigned char *gone = mremap(m, 0, page, MREMAP_MAYMOVE);
	must(gone != MAP_FAILED);
	unsigned lap = 0;
	ready();
	while (more()) {
		same(m[0], lap & 255);
		same(m[size - 1], lap & 255);
		same(m[page], 'x');
		lap++;
		m[0] = m[size - 1] = lap;
		if (gone && lap == 20) {
			gone[1] = 17;
			must(!munmap(gone, page));
			gone = 0;
		}
		if (lap % 64 == 0) must(!msync(m, size, MS_ASYNC));
	}
	unsigned char all[size + 1];
	fd = open(name, O_RDONLY);
	must(fd >= 0);
	same(read(fd, all, sizeof all), size);
	must(!memcmp(all, m, size) && all[0] == (lap & 255));
	if (!gone) same(all[1], 17);
	close(fd);
	return ok();
}
