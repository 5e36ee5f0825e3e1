// Touching a file mapping past the file's end raises SIGBUS with the address.
// expect: comes-home
#include "zoo.h"
static sigjmp_buf out;
static void *volatile where;
static volatile int code;
static void on(int s, siginfo_t *i, void *u) { where = i->si_addr, code = i->si_code, siglongjmp(out, s); }
int main(void) {
	int fd = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
	give(fd, "short", 5);
	handle(SIGBUS, on, 0), handle(SIGSEGV, on, 0);
	volatile char *old = mmap(0, 16384, PROT_READ, MAP_PRIVATE, fd, 0);
	ready();
	while (more()) {
		volatile char *m = mmap(0, 16384, PROT_READ, MAP_PRIVATE, fd, 0);
		same(m[0], 's');
		same(m[100], 0);
		int s = sigsetjmp(out, 1);
		if (!s) fail(__FILE__, __LINE__, "read %d past the end", m[5000]);
		same(s, SIGBUS);
		must(where == m + 5000);
		same(code, BUS_ADRERR);
		s = sigsetjmp(out, 1);
		if (!s) fail(__FILE__, __LINE__, "read %d past the end", old[9000]);
		same(s, SIGBUS);
		must(where == old + 9000);
		must(!munmap((void *)m, 16384));
	}
	return ok();
}
