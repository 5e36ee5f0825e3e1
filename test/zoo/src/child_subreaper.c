// Orphans come to the nearest subreaper, which is what prctl said while away; PDEATHSIG reaches a child whose parent dies.
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		int p[2], v = 0;
		must(!prctl(PR_SET_CHILD_SUBREAPER, 1) && !prctl(PR_GET_CHILD_SUBREAPER, &v));
		same(v, 1);
		must(!pipe(p));
		pid_t c = child();
		if (c == 0) {
			pid_t middle = getpid(), g = child();
			if (g == 0) {
				while (getppid() == middle) nap(1);
				pid_t pp = getppid();
				give(p[1], &pp, sizeof pp);
				_exit(44);
			}
			pid_t v = child();
			if (v == 0) { // dies with its parent
				prctl(PR_SET_PDEATHSIG, SIGUSR2);
				give(p[1], &v, sizeof v);
				for (;;) pause();
			}
			must(take(p[0], &v, sizeof v));
			_exit(0);
		}
		exits(c, 0);
		pid_t pp;
		must(take(p[0], &pp, sizeof pp));
		same(pp, getpid());
		int seen = 0, s;
		for (int i = 0; i < 2; i++) {
			must(wait(&s) > 0);
			if (WIFEXITED(s) && WEXITSTATUS(s) == 44) seen |= 1;
			if (WIFSIGNALED(s) && WTERMSIG(s) == SIGUSR2) seen |= 2;
		}
		same(seen, 3);
		close(p[0]), close(p[1]);
	}
	return ok();
}
