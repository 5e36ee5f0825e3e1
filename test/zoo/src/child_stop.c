// Stopping and continuing a child: WUNTRACED, WCONTINUED, and SIGCHLD with CLD_STOPPED and CLD_CONTINUED.
#include "zoo.h"
static volatile int codes;
static void on(int s, siginfo_t *i, void *u) { codes |= 1 << i->si_code; }
int main(void) {
	handle(SIGCHLD, on, SA_RESTART);
	pid_t c = child();
	if (c == 0) {
		for (;;) alarm(60), pause();
	}
	ready();
	while (more()) {
		int s;
		codes = 0;
		must(!kill(c, SIGSTOP));
		same(waitpid(c, &s, WUNTRACED), c);
		must(WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP);
		same(waitpid(c, &s, WUNTRACED | WNOHANG), 0);
		must(!kill(c, SIGCONT));
		siginfo_t i;
		must(!waitid(P_PID, c, &i, WCONTINUED));
		same(i.si_code, CLD_CONTINUED);
		same(i.si_status, SIGCONT);
		same(codes & ~(1 << CLD_STOPPED | 1 << CLD_CONTINUED), 0);
		must(codes);
	}
	kill(c, SIGTERM);
	dies(c, SIGTERM);
	return ok();
}
