// A fault's address and cause are told to a SIGSEGV handler, which can mend it and go on.
// quick
#include "zoo.h"
static char *area;
static volatile int maperr, accerr;
static sigjmp_buf out;
static void on(int s, siginfo_t *i, void *u) {
	char *a = i->si_addr;
	if (i->si_code == SEGV_ACCERR && a >= area && a < area + 65536) {
		accerr++;
		must(!mprotect((void *)((uintptr_t)a & ~4095ul), 4096, PROT_READ | PROT_WRITE));
		return;
	}
	same(i->si_code, SEGV_MAPERR);
	same(a, 0x18);
	maperr++;
	siglongjmp(out, 1);
}
int main(void) {
	handle(SIGSEGV, on, 0);
	area = mmap(0, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ready();
	for (int lap = 1; more(); lap++) {
		must(!mprotect(area, 65536, PROT_READ));
		accerr = 0;
		for (int i = 0; i < 16; i++) area[i * 4096 + 5] = lap;
		same(accerr, 16);
		must(!mprotect(area, 65536, PROT_NONE));
		for (int i = 0; i < 16; i++) same(area[i * 4096 + 5], (char)lap);
		same(accerr, 32);
		if (!sigsetjmp(out, 1)) *(volatile int *)0x18 = 1;
		same(maperr, lap);
	}
	return ok();
}
