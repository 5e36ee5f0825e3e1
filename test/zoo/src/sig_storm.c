// Signals sent from home as fast as they are answered, while the program computes and makes calls: each is handled once.
// quick
#include "zoo.h"
static volatile int count;
static int ack[2];
static void on(int s, siginfo_t *i, void *u) {
	int e = errno;
	count++;
	must(write(ack[1], "a", 1) == 1);
	errno = e;
}
int main(void) {
	must(!pipe(ack));
	handle(SIGRTMIN + 6, on, SA_RESTART);
	pid_t me = getpid();
	int end[2], rp[2];
	must(!pipe(end) && !pipe(rp));
	pid_t c = child();
	if (c == 0) {
		close(end[1]), close(ack[1]);
		int sent = 0;
		for (char b; poll(&(struct pollfd){end[0], POLLIN, 0}, 1, 0) == 0; sent++) {
			must(!sigqueue(me, SIGRTMIN + 6, (union sigval){sent}));
			must(take(ack[0], &b, 1));
		}
		give(rp[1], &sent, sizeof sent);
		_exit(0);
	}
	close(end[0]);
	ready();
	struct stat s;
	while (more())
		for (volatile int i = 0; i < 20000; i++)
			if (i % 1000 == 0) must(!stat("/", &s));
	close(end[1]);
	int sent;
	must(take(rp[0], &sent, sizeof sent));
	same(count, sent);
	exits(c, 0);
	return ok();
}
