// clone of a process with another exit signal than SIGCHLD, or none: the parent gets that one, and waits with __WCLONE.
#include "zoo.h"
static volatile int usr, chld;
static void on(int s, siginfo_t *i, void *u) { s == SIGUSR1 ? usr++ : chld++; }
int main(void) {
	handle(SIGUSR1, on, SA_RESTART), handle(SIGCHLD, on, SA_RESTART);
	ready();
	for (int n = 1; more(); n++) {
		pid_t c = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
		must(c >= 0);
		if (c == 0) _exit(5);
		int s;
		fails(waitpid(c, &s, WNOHANG), ECHILD);
		same(waitpid(c, &s, __WCLONE), c);
		must(WIFEXITED(s) && WEXITSTATUS(s) == 5);
		same(usr, n);
		same(chld, 0);
		c = syscall(SYS_clone, 0, 0, 0, 0, 0);
		if (c == 0) _exit(6);
		same(waitpid(c, &s, __WALL), c);
		same(WEXITSTATUS(s), 6);
		same(usr, n);
		same(chld, 0);
	}
	return ok();
}
