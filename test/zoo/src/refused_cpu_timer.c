// A timer on the CPU time of another process counts where that is.
// expect: refused cannot-move
#include "zoo.h"
int main(void) {
	clockid_t parents;
	timer_t t;
	same(clock_getcpuclockid(getppid(), &parents), 0);
	must(!timer_create(parents, &(struct sigevent){.sigev_notify = SIGEV_NONE}, &t));
	must(!timer_settime(t, 0, &(struct itimerspec){.it_value = {1000, 0}}, 0));
	ready();
	struct itimerspec v;
	while (more()) must(!timer_gettime(t, &v) && v.it_value.tv_sec > 900);
	must(!timer_delete(t));
	return ok();
}
