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
	double set = now();
	must(!setitimer(ITIMER_REAL, &five, 0) && !setitimer(ITIMER_VIRTUAL, &five, 0) && !setitimer(ITIMER_PROF, &five, 0));
	ready();
	for (volatile long n = 0; more();)
		for (double t = now(); now() - t < 0.02;) n++;
	for (int s = 0; s < 3; s++) { // each goes on ticking now
		int sig = s == 0 ? SIGALRM : s == 1 ? SIGVTALRM : SIGPROF, some = s == 0 ? 40 : 5;
		double start = now(); // before the count: what is counted from there on comes later
		int was = ticks[sig];
		for (volatile long n = 0; ticks[sig] < was + some; n++) must(now() - start < 20);
		if (s == 0) {
			// Home's timer makes them, and each is on its way for as long as it happens to take: if the
			// first is late and the fifth is not, five come within 17 ms. Forty are due within 200 ms;
			// if each came twice, within 100.
			must(now() - start > 0.12);
			int all = ticks[sig];
			must(all <= (now() - set) / 0.005 + 1); // late, never too many; the clock away may be a little behind
		}
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
