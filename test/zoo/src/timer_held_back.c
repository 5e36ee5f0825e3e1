// A timer whose signal is blocked has one pending, which says how often the timer has gone off besides, and so does timer_getoverrun.
#include "zoo.h"
enum { Interval = 2, Held = 60 }; // ms
static volatile int hits, counted, asked;
static timer_t timer;
static void on(int s, siginfo_t *i, void *u) {
	must(i->si_code == SI_TIMER);
	hits++, counted += i->si_overrun, asked = timer_getoverrun(timer);
}
int main(void) {
	int sig = SIGRTMIN + 4;
	handle(sig, on, SA_RESTART);
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	must(!timer_create(CLOCK_MONOTONIC, &e, &timer));
	sigset_t b;
	sigemptyset(&b), sigaddset(&b, sig);
	int moved = 0, lost = 0, forgets = older(6, 13); // the overruns of a signal that waits when its timer is set anew
	ready();
	for (int lap = 0; more(); lap++) {
		must(!sigprocmask(SIG_BLOCK, &b, 0));
		hits = counted = 0;
		double start = now();
		must(!timer_settime(timer, 0, &(struct itimerspec){{0, Interval * 1000000}, {0, Interval * 1000000}}, 0));
		while (now() - start < Held / 1e3) ;
		int waited = 0;
		siginfo_t info = {0};
		if (lap & 1) waited = sigwaitinfo(&b, &info) == sig;
		must(!timer_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, 0}}, 0));
		double most = (now() - start) * 1e3 / Interval + 2;
		if (lap & 1) {
			must(waited && info.si_code == SI_TIMER);
			hits = 1, counted = info.si_overrun;
		} else must(!sigprocmask(SIG_UNBLOCK, &b, 0) && !sigprocmask(SIG_BLOCK, &b, 0));
		// Since Linux 6.13 one that was pending when the timer was set is none any more.
		while (sigtimedwait(&b, 0, &(struct timespec){0, 0}) == sig) moved++;
		must(hits + counted <= most);
		if (hits > 1) moved++; // home's own and the one that came along
		if (!(lap & 1) && forgets) continue;
		if (hits == 1 && counted < Held / Interval / 3) lost++;
		if (!(lap & 1) && hits == 1 && asked != counted) lost++;
	}
	if (moved > 12 || lost > 12) fail(__FILE__, __LINE__, "more than one pending %d times, overruns lost %d times", moved, lost);
	return ok();
}
