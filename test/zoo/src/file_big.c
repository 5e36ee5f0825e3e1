// Reads and writes of 1 MB and 8 MB at once, and in vectors, are whole.
#include "zoo.h"
int main(void) {
	enum { Big = 8 << 20 };
	int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint64_t *a = malloc(Big), *b = malloc(Big), x = 88172645463325252;
	must(fd >= 0 && a && b);
	ready();
	for (int lap = 0; more(); lap++) {
		size_t n = lap % 3 == 2 ? Big : 1 << 20;
		for (size_t i = 0; i < n / 8; i++) a[i] = random_next(&x);
		same(pwrite(fd, a, n, 0), n);
		memset(b, 0, n);
		same(pread(fd, b, n, 0), n);
		must(!memcmp(a, b, n));
		struct iovec v[40];
		memset(b, 0, n);
		for (int i = 0; i < 40; i++) v[i] = (struct iovec){(char *)b + i * 5000, i % 7 ? 5000 : 4999};
		size_t whole = 34 * 5000 + 6 * 4999;
		same(preadv(fd, v, 40, 3), whole);
		same(b[0], *(uint64_t *)((char *)a + 3));
		for (int i = 0; i < 40; i++) v[i].iov_base = (char *)a + i * 5000;
		must(!ftruncate(fd, 0));
		same(lseek(fd, 0, SEEK_SET), 0);
		same(writev(fd, v, 40), whole);
		same(lseek(fd, 0, SEEK_SET), 0);
		for (int i = 0; i < 40; i++) v[i].iov_base = (char *)b + i * 5000;
		same(readv(fd, v, 40), whole);
		for (int i = 0; i < 40; i++) must(!memcmp((char *)a + i * 5000, (char *)b + i * 5000, v[i].iov_len));
		fails(syscall(SYS_pread64, fd, 8, 4096, 0), EFAULT);
		fails(syscall(SYS_write, fd, 8, 4096), EFAULT);
	}
	return ok();
}
