// Every way to end, seen by the parent: exit codes, fatal signals and the core flag are what they are at home.
#include "zoo.h"
#include <sys/resource.h>
static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV,
	SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGSYS};
enum { Ways = sizeof fatal / sizeof *fatal + 7 };
static int status(int way) {
	pid_t c = child();
	if (c == 0) {
		int n = sizeof fatal / sizeof *fatal;
		if (way < n) kill(getpid(), fatal[way]);
		if (way == n) abort();
		if (way == n + 1) *(volatile int *)8 = 1;
		if (way == n + 2) __builtin_trap();
		if (way == n + 3) _exit(255);
		if (way == n + 4) _exit(256 + 3);
		if (way == n + 5) syscall(SYS_exit, 4);
		if (way == n + 6) raise(SIGRTMIN + 2);
		_exit(99);
	}
	return reap(c);
}
int main(void) {
	int want[Ways];
	must(!setrlimit(RLIMIT_CORE, &(struct rlimit){1 << 20, 1 << 20}));
	for (int i = 0; i < Ways; i++) want[i] = status(i);
	ready();
	for (int lap = 0; more(); lap++)
		for (int i = lap % 4; i < Ways; i += 4) {
			int s = status(i);
			if (s != want[i]) fail(__FILE__, __LINE__, "way %d ends with status 0x%x, at home 0x%x", i, s, want[i]);
		}
	return ok();
}
