// Guard regions (MADV_GUARD_INSTALL) raise SIGSEGV wherever the process is, those made and removed on its way as well; the pages beside
// them keep their contents, and what was behind a removed one is zero.
// quick
#include "zoo.h"
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
enum { P = 4096, Pages = 8192, Moving = 64 };
static sigjmp_buf out;
static char *volatile hit;
static void segv(int s, siginfo_t *i, void *u) {
	(void)u;
	same(s, SIGSEGV);
	hit = i->si_addr;
	siglongjmp(out, 1);
}
// stops tells whether an access at p is a fault there.
static int stops(volatile char *p, int write) {
	hit = 0;
	if (sigsetjmp(out, 1)) {
		must(hit == p);
		return 1;
	}
	if (write) *p = 1; else (void)*p;
	return 0;
}
static void check(char *m, int lap) {
	for (int i = 0; i < Pages; i++) {
		if (i % 64 == 5) {
			if (i % 256 == 5) must(stops(m + i * P + lap % P, lap % 2));
		} else if (i == 6) {
			same(*(int *)(m + i * P + 8), 0);
		} else if (i < 8 || i >= Moving) same(*(int *)(m + i * P + 8), i);
	}
}
int main(void) {
	char *m = mmap(0, Pages * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	for (int i = 0; i < Pages; i++) m[i * P] = i + 1, *(int *)(m + i * P + 8) = i;
	if (madvise(m + 5 * P, 2 * P, MADV_GUARD_INSTALL)) {
		printf("this kernel has no guard regions\n");
		return 77;
	}
	must(!madvise(m + 6 * P, P, MADV_GUARD_REMOVE)); // from now on zero
	for (int i = 69; i < Pages; i += 64) must(!madvise(m + i * P, P, MADV_GUARD_INSTALL));
	int f = open("guards", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(f >= 0);
	for (int i = 0; i < 4; i++) give(f, m + (8 + i) * P, P);
	char *file = mmap(0, 4 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	must(file != MAP_FAILED);
	int filed = !madvise(file + P, P, MADV_GUARD_INSTALL); // since Linux 6.15
	handle(SIGSEGV, segv, SA_NODEFER);
	ready();
	int at = 10; // of a guard that is another one in each lap
	must(!madvise(m + at * P, P, MADV_GUARD_INSTALL));
	char *old = 0;
	for (int lap = 0; more(); lap++) {
		check(m, lap);
		fails(write(f, m + 5 * P, 1), EFAULT);
		must(stops(m + at * P, 0));
		must(!madvise(m + at * P, P, MADV_GUARD_REMOVE));
		same(m[at * P], 0);
		m[at * P] = lap + 1;
		if (old) same(*old, (char)lap);
		old = m + at * P;
		at = 12 + (at + 7) % 40;
		must(!madvise(m + at * P, P, MADV_GUARD_INSTALL));
		must(stops(m + at * P + 77, 1));
		must(!madvise(m + at * P, P, MADV_DONTNEED)); // which leaves guards alone
		must(stops(m + at * P + 77, 0));
		for (int i = 0; i < 4; i++)
			if (i == 1 && filed) must(stops(file + i * P, lap % 2));
			else same(file[i * P], (char)(8 + i + 1));
		char *fresh = mmap(0, 16 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); // as for a thread's stack
		must(!madvise(fresh, P, MADV_GUARD_INSTALL));
		fresh[P] = 1;
		must(stops(fresh, 1) && stops(fresh + P - 1, 0));
		pid_t c = lap % 8 ? 0 : child(); // it inherits them
		if (lap % 8 == 0) {
			if (c == 0) {
				must(stops(m + 5 * P, 1) && stops(fresh, 0));
				_exit(0);
			}
			exits(c, 0);
		}
		must(!munmap(fresh, 16 * P));
	}
	return ok();
}
