// The stack grows while away, by deep calls and by MAP_GROWSDOWN; too deep a recursion is caught on the alternate stack.
#include "zoo.h"
static sigjmp_buf out;
static void on(int s, siginfo_t *i, void *u) { siglongjmp(out, 1); }
static volatile int sink;
__attribute__((noinline)) static int deep(int n) {
	volatile char b[4000];
	b[0] = n, b[3999] = n;
	int r = n ? deep(n - 1) + 1 : 0;
	must(b[0] == (char)n && b[3999] == (char)n);
	return r;
}
#pragma GCC diagnostic ignored "-Winfinite-recursion"
__attribute__((noinline)) static int endless(volatile char *p) {
	volatile char b[30000];
	b[0] = *p;
	return endless(b) + b[0];
}
int main(void) {
	stack_t ss = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
	must(!sigaltstack(&ss, 0) && !setrlimit(RLIMIT_STACK, &(struct rlimit){8 << 20, 8 << 20}));
	handle(SIGSEGV, on, SA_ONSTACK);
	char *g = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(!munmap(g, 1 << 20)); // room below what grows
	char *low = mmap(g + (1 << 20) - 8192, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0);
	must(low != MAP_FAILED);
	ready();
	for (int lap = 0; more(); lap++) {
		int n = 100 + lap % 15 * 100;
		same(deep(n), n);
		if (lap < 20) {
			low[-4096 * lap] = lap;
			for (int i = 0; i <= lap; i++) same(low[-4096 * i], i);
		}
		if (lap == 3 && !sigsetjmp(out, 1)) {
			sink = endless("e");
			must(!"reached");
		}
	}
	return ok();
}
