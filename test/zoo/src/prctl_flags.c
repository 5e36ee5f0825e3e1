// What prctl sets while away it gives back: no new privileges, dumpable, timer slack, keep-caps, and what a child inherits.
#include "zoo.h"
int main(void) {
	ready();
	for (int lap = 0; more(); lap++) {
		must(!prctl(PR_SET_TIMERSLACK, 60000 + lap, 0, 0, 0));
		same(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 60000 + lap);
		must(!prctl(PR_SET_KEEPCAPS, lap % 2, 0, 0, 0));
		same(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), lap % 2);
		must(!prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
		same(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
		int sig = -1;
		must(!prctl(PR_SET_PDEATHSIG, SIGUSR2) && !prctl(PR_GET_PDEATHSIG, &sig));
		same(sig, SIGUSR2);
		must(!prctl(PR_SET_PDEATHSIG, 0));
		pid_t c = child();
		if (c == 0) {
			must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
			_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1);
		}
		exits(c, 0);
		same(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
		fails(prctl(12345, 0, 0, 0, 0), EINVAL);
	}
	return ok();
}
