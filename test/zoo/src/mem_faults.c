// Bad pointers to calls that go home give EFAULT or a short count, and touch nothing beyond what the kernel touches.
#include "zoo.h"
int main(void) {
	char *m = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(!munmap(m + 4096, 4096));
	int p[2];
	must(!pipe2(p, O_NONBLOCK));
	ready();
	while (more()) {
		memset(m, 'm', 4096);
		fails(write(p[1], m + 4096, 10), EFAULT);
		ssize_t n = write(p[1], m + 4086, 20); // half of it readable
		must(n == 10 || (n == -1 && errno == EFAULT));
		char b[64];
		if (n == 10) must(take(p[0], b, 10) && !memcmp(b, "mmmmmmmmmm", 10));
		give(p[1], "0123456789", 10);
		fails(syscall(SYS_read, p[0], m + 4096, 10), EFAULT);
		while (read(p[0], b, sizeof b) > 0) ;
		give(p[1], "abc", 3);
		char guard[64];
		memset(guard, 'g', sizeof guard);
		same(read(p[0], guard + 16, 48), 3);
		for (int i = 0; i < 64; i++) same(guard[i], i < 16 || i > 18 ? 'g' : "abc"[i - 16]);
		fails(syscall(SYS_stat, "/", m + 4090), EFAULT);
		fails(syscall(SYS_open, m + 4096, 0), EFAULT);
		memcpy(m + 4096 - 5, "/etc", 5);
		must(!access(m + 4096 - 5, F_OK));
		fails(access("", F_OK), ENOENT);
		char *longest = malloc(5000);
		memset(longest, 'l', 4999), longest[4999] = 0;
		fails(access(longest, F_OK), ENAMETOOLONG);
		free(longest);
		fails(readv(p[0], (void *)(m + 4096), 1), EFAULT);
		fails(syscall(SYS_readv, p[0], m, 100000), EINVAL);
	}
	return ok();
}
