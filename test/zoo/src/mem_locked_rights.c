// Who may lock what he likes (CAP_IPC_LOCK) does so away, too, and no more when he has given that up there.
// needs: root
// quick
#include "locked.h"
enum { Max = 16 };
int main(void) {
	must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){Max * P, Max * P}));
	char *m = anonymous(4 * Max, PROT_READ | PROT_WRITE, 0);
	if (mlock(m, 2 * Max * P)) {
		printf("no more than the limit may be locked here\n");
		return 77;
	}
	ready();
	for (int lap = 0; more(); lap++) {
		same(locked(), 2 * Max * P >> 10);
		must(!mlock(m, 4 * Max * P) && soon(m, 4 * Max) && !munlock(m + 2 * Max * P, 2 * Max * P));
		must(!mlockall(MCL_CURRENT) && !munlockall() && !mlock(m, 2 * Max * P));
		if (lap % 4) continue;
		pid_t c = child();
		if (c == 0) {
			must(!mlock(m, 4 * Max * P));
			must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, Max * P}));
			must(!munlock(m, 4 * Max * P));
			if (lap % 8) must(!mlockall(MCL_FUTURE)); // for which it may come home
			nobody();
			fails(mlock(m, P), EPERM);
			fails(mlockall(MCL_CURRENT), EPERM);
			if (lap % 8) {
				must(mmap(0, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
				same(errno, EAGAIN);
			}
			must(!setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){Max * P, Max * P}));
			must(!mlock(m, Max * P));
			fails(mlock(m, 2 * Max * P), ENOMEM);
			same(locked(), Max * P >> 10);
			_exit(0);
		}
		exits(c, 0);
	}
	return ok();
}
