// A timer on CPU time that goes off once does so once, whatever its process has others do for it while away.
#include "zoo.h"
static volatile int profs, virtuals;
static void on_prof(int s, siginfo_t *i, void *u) { profs++; }
static void on_virtual(int s, siginfo_t *i, void *u) { virtuals++; }
static char some[1 << 20];
static void work(double seconds) {
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC); // costs CPU time at home
	must(fd >= 0 && take(fd, some, sizeof some));
	close(fd);
	for (double s = now(); now() - s < seconds;) ;
}
int main(void) {
	handle(SIGPROF, on_prof, SA_RESTART), handle(SIGVTALRM, on_virtual, SA_RESTART);
	struct itimerval once = {.it_value = {0, 400000}};
	must(!setitimer(ITIMER_PROF, &once, 0) && !setitimer(ITIMER_VIRTUAL, &once, 0));
	ready();
	while (more()) {
		work(0.01);
		if (profs > 1 || virtuals > 1) fail(__FILE__, __LINE__, "%d and %d times", profs, virtuals);
	}
	// It has been set at home, and runs away now.
	for (double s = now(); !profs || !virtuals;) must(now() - s < 20);
	for (struct rusage u = {0}; u.ru_stime.tv_sec < 1; getrusage(RUSAGE_SELF, &u)) work(0);
	same(profs, 1);
	same(virtuals, 1);
	return ok();
}
