// With SIGCHLD ignored, or SA_NOCLDWAIT, children leave no zombies and wait gives ECHILD once they are gone; SA_NOCLDSTOP hushes stops.
#include "zoo.h"
static volatile int chld;
static void on(int s, siginfo_t *i, void *u) { chld++; }
int main(void) {
	ready();
	while (more()) {
		signal(SIGCHLD, SIG_IGN);
		pid_t c = child();
		if (c == 0) _exit(1);
		fails(waitpid(c, 0, 0), ECHILD);
		for (double t = now(); kill(c, 0) == 0 && now() - t < 5;) nap(1); // it is reaped when its end is through
		fails(kill(c, 0), ESRCH);
		chld = 0;
		handle(SIGCHLD, on, SA_NOCLDWAIT | SA_RESTART);
		c = child();
		if (c == 0) _exit(1);
		fails(waitpid(c, 0, 0), ECHILD);
		for (double t = now(); chld == 0; nap(1)) must(now() - t < 15);
		same(chld, 1);
		handle(SIGCHLD, on, SA_NOCLDSTOP | SA_RESTART);
		c = child();
		if (c == 0)
			for (;;) pause();
		kill(c, SIGSTOP);
		int s;
		same(waitpid(c, &s, WUNTRACED), c);
		must(WIFSTOPPED(s));
		same(chld, 1);
		kill(c, SIGKILL);
		dies(c, SIGKILL);
		same(chld, 2);
		signal(SIGCHLD, SIG_DFL);
	}
	return ok();
}
