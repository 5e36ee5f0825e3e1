// A moved process that is stopped and continued by its parent: the parent sees it, and the process loses nothing.
#include "zoo.h"
int main(void) {
	int p[2];
	must(!pipe(p));
	told();
	pid_t c = child();
	if (c == 0) {
		close(p[0]);
		for (uint64_t n = 0; more(); n++) give(p[1], &n, sizeof n);
		_exit(7);
	}
	close(p[1]);
	ready_as(c);
	uint64_t want = 0, n;
	for (;;) {
		for (int i = 0; i < 3; i++) {
			if (!take(p[0], &n, sizeof n)) goto end;
			same(n, want++);
		}
		int s;
		must(!kill(c, SIGSTOP));
		pid_t r = waitpid(c, &s, WUNTRACED);
		same(r, c);
		if (WIFEXITED(s)) goto ended;
		must(WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP);
		nap(5);
		struct pollfd f = {p[0], POLLIN, 0};
		while (poll(&f, 1, 0) > 0 && take(p[0], &n, sizeof n)) same(n, want++);
		nap(5);
		same(poll(&f, 1, 0), 0); // nothing moves while it is stopped
		must(!kill(c, SIGCONT));
		same(waitpid(c, &s, WCONTINUED), c);
		if (WIFEXITED(s)) goto ended; // it was quick
		must(WIFCONTINUED(s));
		continue;
	ended:
		same(WEXITSTATUS(s), 7);
		while (take(p[0], &n, sizeof n)) same(n, want++);
		return ok();
	}
end:
	exits(c, 7);
	return ok();
}
