// SIGTSTP at its default stops a moved process as a shell expects; handled, it runs the handler.
#include "zoo.h"
static volatile int handled;
static void on(int s, siginfo_t *i, void *u) { handled++; }
int main(void) {
	int p[2], q[2];
	must(!pipe(p) && !pipe(q));
	told();
	pid_t c = child();
	if (c == 0) {
		close(p[0]), close(q[1]);
		setpgid(0, 0); // its own group, in its parent's session: not orphaned
		char b = 'd';
		while (more()) {
			handle(SIGTSTP, on, SA_RESTART);
			handled = 0;
			give(p[1], "h", 1);
			must(take(q[0], &b, 1));
			while (!handled) nap(1);
			signal(SIGTSTP, SIG_DFL);
			give(p[1], "d", 1);
			must(take(q[0], &b, 1));
		}
		_exit(6);
	}
	close(p[1]), close(q[0]);
	setpgid(c, c);
	ready_as(c);
	for (char b; take(p[0], &b, 1);) {
		must(!kill(c, SIGTSTP));
		if (b == 'd') {
			int s;
			same(waitpid(c, &s, WUNTRACED), c);
			must(WIFSTOPPED(s));
			same(WSTOPSIG(s), SIGTSTP);
			nap(3);
			must(!kill(c, SIGCONT));
		}
		give(q[1], "g", 1);
	}
	exits(c, 6);
	return ok();
}
