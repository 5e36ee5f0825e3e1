// sigwaitinfo, sigtimedwait and sigwait take blocked signals with their information, time out, and leave none behind.
// quick
#include "zoo.h"
int main(void) {
	sigset_t b, p;
	sigemptyset(&b), sigaddset(&b, SIGUSR1), sigaddset(&b, SIGRTMIN + 2);
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	ready();
	pid_t me = getpid();
	for (int n = 0; more(); n++) {
		siginfo_t i;
		struct timespec zero = {0}, some = {0, 3000000}, much = {15, 0};
		fails(sigtimedwait(&b, &i, &zero), EAGAIN);
		fails(sigtimedwait(&b, &i, &some), EAGAIN);
		int p2[2];
		must(!pipe(p2));
		pid_t c = child();
		if (c == 0) {
			nap(3);
			sigqueue(me, SIGRTMIN + 2, (union sigval){n});
			char b;
			must(take(p2[0], &b, 1)); // of two pending, the lower number would come first
			kill(me, SIGUSR1);
			_exit(0);
		}
		same(sigwaitinfo(&b, &i), SIGRTMIN + 2);
		same(i.si_value.sival_int, n);
		same(i.si_pid, c);
		same(i.si_code, SI_QUEUE);
		give(p2[1], "n", 1);
		same(sigtimedwait(&b, &i, &much), SIGUSR1);
		same(i.si_pid, c);
		exits(c, 0);
		close(p2[0]), close(p2[1]);
		sigpending(&p);
		must(!sigismember(&p, SIGUSR1) && !sigismember(&p, SIGRTMIN + 2));
		kill(me, SIGUSR1);
		int s;
		must(!sigwait(&b, &s));
		same(s, SIGUSR1);
	}
	return ok();
}
