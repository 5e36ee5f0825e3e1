// RLIMIT_NPROC bounds what a user may have of processes and threads while they are away as it does at home.
// needs: root
// quick
#include "zoo.h"
#include <grp.h>
enum { Most = 6 };
static int hold[2];
static void *waits(void *none) {
	char c;
	take(hold[0], &c, 1);
	return none;
}
// fill makes threads or processes until there can be no more, and tells how many there were.
static int fill(int threads) {
	pthread_t all[Most];
	pid_t pids[Most];
	int n = 0;
	double until = now() + 10;
	must(!pipe(hold));
	for (; n < Most; n++) {
		if (threads) {
			int e = pthread_create(&all[n], 0, waits, 0);
			if (e) {
				same(e, EAGAIN);
				break;
			}
		} else if ((pids[n] = fork()) < 0) {
			same(errno, EAGAIN);
			if (n == Most - 1 || now() > until) break;
			nap(1), n--; // threads that have been joined count until the kernel has forgotten them, which natively is later as well
		} else if (!pids[n]) {
			close(hold[1]);
			waits(0);
			_exit(7);
		}
	}
	fails(fork(), EAGAIN);
	close(hold[1]);
	for (int i = 0; i < n; i++) {
		if (threads) join(all[i]);
		else exits(pids[i], 7);
	}
	close(hold[0]);
	return n;
}
int main(void) {
	must(!chmod(".", 0777));
	told();
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	uid_t mine = 200000 + t.tv_nsec / 1000 % 1000000; // nobody else's
	must(!setrlimit(RLIMIT_NPROC, &(struct rlimit){Most, Most}));
	must(!setgroups(0, 0) && !setgid(65534) && !setuid(mine));
	ready();
	for (int lap = 0; more(); lap++) {
		same(fill(lap & 1), Most - 1);
		fails(waitpid(-1, 0, 0), ECHILD);
	}
	return ok();
}
