// Signals of timers on CPU time that are waited for: by name, through a descriptor, blocked and with overruns.
#include "zoo.h"
static volatile int stop;
static void *burner(void *p) { // a thread of all
	while (!stop) {
		for (double s = now(); now() - s < 0.01;) ;
		nap(5);
	}
	return 0;
}
static timer_t every(int sig, int ms) {
	timer_t t;
	must(!timer_create(CLOCK_PROCESS_CPUTIME_ID, &(struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig, .sigev_value.sival_int = sig}, &t));
	struct timespec p = {0, ms * 1000000L};
	must(!timer_settime(t, 0, &(struct itimerspec){p, p}, 0));
	return t;
}
int main(void) {
	sigset_t named, read_, blocked, every_one;
	sigemptyset(&named), sigemptyset(&read_), sigemptyset(&blocked), sigemptyset(&every_one);
	sigaddset(&named, SIGRTMIN + 4), sigaddset(&read_, SIGUSR2), sigaddset(&blocked, SIGUSR1);
	sigaddset(&every_one, SIGRTMIN + 4), sigaddset(&every_one, SIGUSR2), sigaddset(&every_one, SIGUSR1);
	same(pthread_sigmask(SIG_BLOCK, &every_one, 0), 0);
	int fd = signalfd(-1, &read_, SFD_CLOEXEC);
	must(fd >= 0);
	pthread_t t = thread(burner, 0);
	timer_t a = every(SIGRTMIN + 4, 20), b = every(SIGUSR2, 25), c = every(SIGUSR1, 2);
	ready();
	while (more()) {
		siginfo_t i;
		struct timespec ten = {10, 0};
		int s;
		while ((s = sigtimedwait(&named, &i, &ten)) == -1 && errno == EINTR) ;
		same(s, SIGRTMIN + 4);
		must(i.si_code == SI_TIMER && i.si_value.sival_int == SIGRTMIN + 4 && i.si_overrun >= 0);
		struct pollfd p = {fd, POLLIN, 0};
		int n;
		while ((n = poll(&p, 1, 10000)) == -1 && errno == EINTR) ;
		same(n, 1);
		struct signalfd_siginfo si;
		same(read(fd, &si, sizeof si), sizeof si);
		must(si.ssi_code == SI_TIMER && si.ssi_signo == SIGUSR2 && si.ssi_int == SIGUSR2);
		int periods = 0;
		for (double from = now(); periods < 8; nap(1)) { // one pending signal says how often
			struct timespec none = {0, 0};
			if (now() - from > 10) fail(__FILE__, __LINE__, "%d periods of 2 ms", periods);
			if (sigtimedwait(&blocked, &i, &none) != SIGUSR1) continue;
			must(i.si_code == SI_TIMER && i.si_value.sival_int == SIGUSR1);
			periods += 1 + i.si_overrun;
		}
	}
	stop = 1;
	join(t);
	must(!timer_delete(a) && !timer_delete(b) && !timer_delete(c));
	return ok();
}
