// A handler interrupts a blocking call: it goes on by itself with SA_RESTART, and gives EINTR without.
// quick
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { __atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST); }
int main(void) {
	ready();
	pid_t me = getpid();
	while (more()) {
		int p[2];
		char b;
		must(!pipe(p));
		hits = 0;
		handle(SIGUSR1, on, SA_RESTART);
		pid_t c = child();
		if (c == 0) {
			for (int i = 0; i < 3; i++) nap(4), kill(me, SIGUSR1);
			nap(4);
			give(p[1], "r", 1);
			_exit(0);
		}
		same(read(p[0], &b, 1), 1);
		same(b, 'r');
		exits(c, 0);
		must(hits >= 1 && hits <= 3);
		handle(SIGUSR1, on, 0);
		hits = 0;
		c = child();
		if (c == 0) {
			for (;;) nap(4), kill(me, SIGUSR1);
		}
		fails(read(p[0], &b, 1), EINTR);
		must(hits >= 1);
		fails(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, -1), EINTR);
		fails(nanosleep(&(struct timespec){100, 0}, 0), EINTR);
		fails(pause(), EINTR);
		int s;
		fails(waitpid(-1, &s, 0), EINTR);
		handle(SIGUSR1, on, SA_RESTART); // some calls are never restarted
		fails(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, -1), EINTR);
		kill(c, SIGKILL);
		dies(c, SIGKILL);
		close(p[0]), close(p[1]);
	}
	return ok();
}
