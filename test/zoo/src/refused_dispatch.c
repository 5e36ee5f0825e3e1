// A process that has its own system calls dispatched (prctl(2), PR_SET_SYSCALL_USER_DISPATCH) cannot be moved, and they still are.
// expect: refused cannot-move
#include "zoo.h"
static volatile char selector; // SYSCALL_DISPATCH_FILTER_ALLOW
static volatile int caught;
static void on(int s, siginfo_t *i, void *u) {
	selector = 0, caught++;
	((ucontext_t *)u)->uc_mcontext.gregs[REG_RAX] = 4711;
}
int main(void) {
	handle(SIGSYS, on, 0);
	if (prctl(59, 1, 0, 0, &selector)) {
		printf("the kernel has no PR_SET_SYSCALL_USER_DISPATCH\n");
		return 77;
	}
	ready();
	for (int lap = 1; more(); lap++) {
		selector = 1; // SYSCALL_DISPATCH_FILTER_BLOCK
		same(syscall(SYS_getppid), 4711);
		same(caught, lap);
	}
	return ok();
}
