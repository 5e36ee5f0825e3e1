// POSIX timers: signal with value, signal to one thread, thread notification; overruns, remaining time, deletion.
#include "zoo.h"
static volatile int hits[2], wrong;
static volatile pid_t aimed;
static sem_t notified;
static void on(int s, siginfo_t *i, void *u) {
	int k = s == SIGRTMIN + 9;
	hits[k]++;
	if (i->si_code != SI_TIMER || i->si_value.sival_int != 1000 + k) wrong++;
	if (k && tid() != aimed) wrong++;
}
static void note(union sigval v) { if (v.sival_int == 5) sem_post(&notified); }
static volatile int stop;
static void *target(void *p) {
	aimed = tid();
	while (!stop) usleep(1000);
	return 0;
}
int main(void) {
	handle(SIGRTMIN + 8, on, SA_RESTART), handle(SIGRTMIN + 9, on, SA_RESTART);
	sem_init(&notified, 0, 0);
	pthread_t t = thread(target, 0);
	while (!aimed) nap(1);
	timer_t a, b, c;
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 8, .sigev_value.sival_int = 1000};
	must(!timer_create(CLOCK_MONOTONIC, &e, &a));
	e = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 9, .sigev_value.sival_int = 1001};
	e._sigev_un._tid = aimed;
	must(!timer_create(CLOCK_MONOTONIC, &e, &b));
	struct itimerspec four = {{0, 4000000}, {0, 4000000}}, v;
	must(!timer_settime(a, 0, &four, 0) && !timer_settime(b, 0, &four, 0));
	ready();
	while (more()) {
		int h0 = hits[0], h1 = hits[1];
		for (double s = now(); hits[0] == h0 || hits[1] == h1; nap(1)) must(now() - s < 15);
		same(wrong, 0);
		must(!timer_gettime(a, &v));
		same(v.it_interval.tv_nsec, 4000000);
		must(timer_getoverrun(a) >= 0);
		struct sigevent th = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = note, .sigev_value.sival_int = 5};
		must(!timer_create(CLOCK_REALTIME, &th, &c));
		must(!timer_settime(c, 0, &(struct itimerspec){{0, 0}, {0, 1000000}}, 0));
		while (sem_wait(&notified)) same(errno, EINTR);
		must(!timer_delete(c));
	}
	must(!timer_delete(a) && !timer_delete(b));
	fails(timer_gettime(a, &v), EINVAL);
	stop = 1;
	join(t);
	return ok();
}
