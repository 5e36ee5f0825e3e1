// A signal sent to a thread reaches that thread; one sent to the process, a thread that does not block it.
#include "zoo.h"
static __thread int mine;
static volatile int stop, there, counts[4];
static volatile pid_t last;
static void on(int s, siginfo_t *i, void *u) { __atomic_add_fetch(&counts[mine], 1, __ATOMIC_SEQ_CST), last = tid(); }
static void *work(void *p) {
	mine = (long)p;
	sigset_t s;
	sigemptyset(&s), sigaddset(&s, SIGUSR2);
	if (mine != 2) pthread_sigmask(SIG_BLOCK, &s, 0);
	__atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
	while (!stop) mine == 1 ? (void)sched_yield() : (void)usleep(2000);
	return 0;
}
static void wait_for(int which, int n) {
	for (double t = now(); counts[which] != n;) {
		must(counts[which] <= n && now() - t < 15);
		nap(1);
	}
}
int main(void) {
	handle(SIGUSR1, on, SA_RESTART), handle(SIGUSR2, on, SA_RESTART);
	pthread_t t[4];
	sigset_t s;
	sigemptyset(&s), sigaddset(&s, SIGUSR2);
	for (long i = 1; i < 4; i++) t[i] = thread(work, (void *)i);
	while (there < 3) nap(1); // a thread that has not begun counts for nobody
	pthread_sigmask(SIG_BLOCK, &s, 0);
	ready();
	for (int n = 1; more(); n++) {
		for (int i = 1; i < 4; i++) same(pthread_kill(t[i], SIGUSR1), 0);
		wait_for(1, n), wait_for(3, n);
		wait_for(2, 2 * n - 1);
		must(!kill(getpid(), SIGUSR2));
		wait_for(2, 2 * n);
		same(counts[0], 0);
	}
	stop = 1;
	for (int i = 1; i < 4; i++) join(t[i]);
	return ok();
}
