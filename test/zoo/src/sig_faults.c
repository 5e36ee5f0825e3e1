// Faults the program handles itself: division, illegal instruction, breakpoint; the handler may change the registers and go on.
#include "zoo.h"
static volatile int codes[65];
static volatile long zero;
static void on(int s, siginfo_t *i, void *p) {
	ucontext_t *u = p;
	codes[s] = i->si_code;
	if (s == SIGILL) u->uc_mcontext.gregs[REG_RIP] += 2;
	if (s == SIGFPE) u->uc_mcontext.gregs[REG_RCX] = 3;
	if (s == SIGTRAP) u->uc_mcontext.gregs[REG_RBX] = 4711;
}
int main(void) {
	handle(SIGILL, on, 0), handle(SIGFPE, on, 0), handle(SIGTRAP, on, 0);
	ready();
	while (more()) {
		memset((void *)codes, 0, sizeof codes);
		asm volatile("ud2");
		same(codes[SIGILL], ILL_ILLOPN);
		long a = 21, d = 0, c = zero;
		asm volatile("idivq %2" : "+a"(a), "+d"(d), "+c"(c));
		same(a, 7);
		same(codes[SIGFPE], FPE_INTDIV);
		long b = 0;
		asm volatile("int3" : "+b"(b));
		same(b, 4711);
		same(codes[SIGTRAP], SI_KERNEL);
	}
	return ok();
}
