// poll, select and blocking reads in several threads are woken by a process at home.
#include "zoo.h"
static int p[4][2];
static void *waiter(void *arg) {
	long k = (long)arg, n = 0;
	for (char b = 0; b != 'q'; n++) {
		if (k == 0) {
			struct pollfd f = {p[k][0], POLLIN, 0};
			same(poll(&f, 1, 20000), 1);
			same(f.revents, POLLIN);
		}
		if (k == 1) {
			fd_set r;
			FD_ZERO(&r);
			FD_SET(p[k][0], &r);
			same(select(p[k][0] + 1, &r, 0, 0, 0), 1);
			must(FD_ISSET(p[k][0], &r));
		}
		if (k == 2) {
			struct pollfd f = {p[k][0], POLLIN, 0};
			same(ppoll(&f, 1, 0, 0), 1);
		}
		same(read(p[k][0], &b, 1), 1);
	}
	return (void *)n;
}
int main(void) {
	pthread_t t[4];
	int go[2], back[2];
	for (long i = 0; i < 4; i++) must(!pipe(p[i]));
	must(!pipe(go) && !pipe(back));
	pid_t c = child();
	if (c == 0) {
		close(go[1]);
		char b;
		while (read(go[0], &b, 1) == 1) {
			for (int i = 0; i < 4; i++) give(p[i][1], &b, 1);
			give(back[1], &b, 1);
		}
		_exit(0);
	}
	close(go[0]);
	for (long i = 0; i < 4; i++) t[i] = thread(waiter, (void *)i);
	ready();
	long laps = 0;
	char b;
	while (more()) {
		give(go[1], "g", 1), laps++;
		must(take(back[0], &b, 1));
	}
	give(go[1], "q", 1);
	for (int i = 0; i < 4; i++) same(join(t[i]), laps + 1);
	close(go[1]);
	exits(c, 0);
	return ok();
}
