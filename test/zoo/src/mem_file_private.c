// A private file mapping made at home: pages read before and after the move are the file's, written ones are the program's own.
// quick
#include "zoo.h"
enum { Pages = 300 };
int main(void) {
	int fd = open("private", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static uint32_t page[1024];
	for (int i = 0; i < Pages; i++) {
		for (int k = 0; k < 1024; k++) page[k] = i * 5000 + k;
		give(fd, page, 4096);
	}
	must(!close(fd) && (fd = open("private", O_RDONLY)) >= 0); // open to write it would be seen at home only
	int *m = mmap(0, Pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	const int *r = mmap(0, Pages * 4096, PROT_READ, MAP_SHARED, open("private", O_RDONLY), 0);
	must(m != MAP_FAILED && r != MAP_FAILED);
	for (int i = 0; i < Pages; i += 3) m[i * 1024 + 7] = ~i;
	ready();
	for (int lap = 0; more(); lap++) {
		for (int i = 0; i < Pages; i++) {
			same(m[i * 1024 + 7], i % 3 ? i * 5000 + 7 : ~i);
			same(m[i * 1024 + 9], i * 5000 + 9 + (i % 5 ? 0 : lap));
			if (i % 5 == 0) m[i * 1024 + 9]++;
			same(r[i * 1024 + 1023], i * 5000 + 1023);
		}
		uint32_t v;
		same(pread(fd, &v, 4, 28), 4);
		same(v, 7); // the file itself is unharmed
	}
	return ok();
}
