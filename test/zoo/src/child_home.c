// Children made at home before the first move are waited for from away: exit codes, signals, their pids in SIGCHLD.
// quick
#include "zoo.h"
enum { Kids = 12 };
static volatile int chld;
static void on(int s, siginfo_t *i, void *u) { chld++; }
int main(void) {
	pid_t kid[Kids];
	int go[2];
	must(!pipe(go));
	handle(SIGCHLD, on, SA_RESTART);
	for (int i = 0; i < Kids; i++)
		if ((kid[i] = child()) == 0) {
			char b;
			close(go[1]);
			read(go[0], &b, 1);
			if (i % 3 == 1) raise(SIGUSR2);
			if (i % 3 == 2) kill(getpid(), SIGKILL);
			_exit(i * 10);
		}
	ready();
	while (more()) fails(waitpid(-1, 0, WNOHANG) ?: -1, 0);
	give(go[1], "123456789abc", Kids);
	for (int i = 0; i < Kids; i++) {
		if (i % 3 == 0) exits(kid[i], i * 10);
		if (i % 3 == 1) dies(kid[i], SIGUSR2);
		if (i % 3 == 2) dies(kid[i], SIGKILL);
	}
	fails(wait(0), ECHILD);
	must(chld > 0 && chld <= Kids);
	return ok();
}
