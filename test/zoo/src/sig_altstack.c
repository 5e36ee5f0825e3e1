// Handlers run on the alternate stack when asked to; the kernel says so; nested ones stay on it.
#include "zoo.h"
static char *alt;
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) {
	char here;
	stack_t ss;
	must(&here > alt && &here < alt + 65536);
	must(!sigaltstack(0, &ss));
	same(ss.ss_flags, SS_ONSTACK);
	same(ss.ss_sp, alt);
	fails(sigaltstack(&(stack_t){.ss_sp = alt, .ss_size = 65536}, 0), EPERM);
	if (++hits % 2) raise(SIGUSR2);
}
int main(void) {
	alt = malloc(65536);
	must(!sigaltstack(&(stack_t){.ss_sp = alt, .ss_size = 65536}, 0));
	handle(SIGUSR1, on, SA_ONSTACK), handle(SIGUSR2, on, SA_ONSTACK);
	ready();
	pid_t me = getpid();
	for (int n = 2; more(); n += 2) {
		stack_t ss;
		must(!sigaltstack(0, &ss));
		same(ss.ss_flags, 0);
		same(ss.ss_sp, alt);
		same(ss.ss_size, 65536);
		pid_t c = child();
		if (c == 0) kill(me, SIGUSR1), _exit(0);
		exits(c, 0);
		for (double t = now(); hits < n; nap(1)) must(now() - t < 15);
		same(hits, n);
	}
	return ok();
}
