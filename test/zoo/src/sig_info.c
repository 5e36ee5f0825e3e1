// siginfo tells who and why: kill, sigqueue with its value, tgkill, SIGCHLD with pid, status and uid.
// quick
#include "zoo.h"
static volatile siginfo_t last;
static volatile int count;
static void on(int s, siginfo_t *i, void *u) { last = *i, __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST); } // handlers interrupt each other
static void expect_more(int n) {
	for (double t = now(); count < n; nap(1)) must(now() - t < 15);
	same(count, n);
}
int main(void) {
	handle(SIGUSR1, on, SA_RESTART), handle(SIGRTMIN + 4, on, SA_RESTART);
	handle(SIGCHLD, on, SA_RESTART | SA_NOCLDSTOP);
	ready();
	for (int n = 1; more(); n++) {
		count = 0;
		pid_t me = getpid(), c = child();
		if (c == 0) {
			kill(me, SIGUSR1);
			nap(1);
			for (;;) pause();
		}
		expect_more(1);
		same(last.si_signo, SIGUSR1);
		same(last.si_code, SI_USER);
		same(last.si_pid, c);
		same(last.si_uid, getuid());
		must(!kill(c, SIGKILL));
		dies(c, SIGKILL);
		expect_more(2);
		same(last.si_signo, SIGCHLD);
		same(last.si_code, CLD_KILLED);
		same(last.si_pid, c);
		same(last.si_status, SIGKILL);
		c = child();
		if (c == 0) {
			union sigval v = {.sival_ptr = (void *)(0x123400000000 + n)};
			must(!sigqueue(me, SIGRTMIN + 4, v));
			_exit(n & 127);
		}
		exits(c, n & 127);
		expect_more(4); // the exit and the queued one, in either order
		must(!syscall(SYS_tgkill, me, tid(), SIGUSR1));
		same(count, 5);
		same(last.si_code, SI_TKILL);
		same(last.si_pid, me);
		must(!sigqueue(me, SIGRTMIN + 4, (union sigval){.sival_ptr = (void *)(0x123400000000 + n)}));
		same(count, 6);
		same(last.si_code, SI_QUEUE);
		same(last.si_value.sival_ptr, 0x123400000000 + n);
		same(last.si_pid, me);
		fails(kill(me, 99), EINVAL);
		fails(kill(999999999, 0), ESRCH);
	}
	return ok();
}
