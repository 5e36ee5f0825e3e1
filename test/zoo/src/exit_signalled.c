// A process that ends while signals for its handlers come in ends once, with its own status; its other threads never see more of the end than that.
// quick
#include "zoo.h"
static void on(int s) {}
static void *busy(void *arg) {
	for (;;) {
		errno = 0;
		if (syscall(SYS_getppid) < 1 || access("/", F_OK) != 0) _exit(90); // 513 would be seen here
	}
}
int main(void) {
	signal(SIGUSR1, on);
	ready();
	for (int lap = 1; more(); lap++) {
		pid_t c = child();
		if (c == 0) {
			thread(busy, 0);
			nap(1);
			_exit(lap % 80 + 1);
		}
		for (siginfo_t i = {0}; i.si_pid != c;) {
			same(kill(c, SIGUSR1), 0);
			same(waitid(P_PID, c, &i, WEXITED | WNOWAIT | WNOHANG), 0);
		}
		exits(c, lap % 80 + 1);
	}
	return ok();
}
