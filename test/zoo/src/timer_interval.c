// setitimer: real time, virtual time and profiling time tick while away, at about their rate; getitimer shows the rest; alarm is one of them.
// quick
#include "zoo.h"
static volatile int ticks[65];
static void on(int s, siginfo_t *i, void *u) {
	ticks[s]++;
	must(i->si_code == SI_KERNEL);
}
int main(void) {
	handle(SIGALRM, on, SA_RESTART), handle(SIGVTALRM, on, SA_RESTART), handle(SIGPROF, on, SA_RESTART);
	struct itimerval five = {{0, 5000}, {0, 5000}}, v;
	must(!setitimer(ITIMER_REAL, &five, 0) && !setitimer(ITIMER_VIRTUAL, &five, 0) && !setitimer(ITIMER_PROF, &five, 0));
	ready();
	for (volatile long n = 0; more();)
		for (double t = now(); now() - t < 0.02;) n++;
	for (int s = 0; s < 3; s++) { // each goes on ticking now
		int sig = s == 0 ? SIGALRM : s == 1 ? SIGVTALRM : SIGPROF, was = ticks[sig];
		double start = now();
		for (volatile long n = 0; ticks[sig] < was + 5; n++) must(now() - start < 20);
		if (s == 0) must(now() - start > 0.018);
		must(!getitimer(s, &v));
		same(v.it_interval.tv_usec, 5000);
		must(v.it_value.tv_sec == 0);
		must(!setitimer(s, &(struct itimerval){0}, &v));
	}
	int was = ticks[SIGALRM];
	nap(12);
	same(ticks[SIGALRM], was);
	alarm(100);
	int left = alarm(0);
	must(left >= 99 && left <= 100);
	return ok();
}
