// POSIX timers on CPU time: of the process, of threads; they count what is burnt on all nodes, signal whom they are to, are set, read and deleted away.
#include "zoo.h"
enum { Period = 10000000 };
static volatile int stop, rounds, all, direct, wrong;
static volatile pid_t aimed;
static sem_t notified;
static int wake[2];
static long left(timer_t t) { // of a timer that never goes off, in ns
	struct itimerspec v;
	must(!timer_gettime(t, &v));
	return v.it_value.tv_sec * 1000000000L + v.it_value.tv_nsec;
}
static void on_all(int s, siginfo_t *i, void *u) {
	if (i->si_code != SI_TIMER || i->si_value.sival_int != 7) wrong++;
	__atomic_add_fetch(&all, 1 + i->si_overrun, __ATOMIC_RELAXED);
}
static void on_direct(int s, siginfo_t *i, void *u) {
	if (i->si_code != SI_TIMER || i->si_value.sival_int != 8 || tid() != aimed) wrong++;
	direct += 1 + i->si_overrun;
}
static void note(union sigval v) { if (v.sival_int == 9) sem_post(&notified); }
static timer_t make(clockid_t c, int how, int sig, int value, pid_t whom) {
	struct sigevent e = {.sigev_notify = how, .sigev_signo = sig, .sigev_value.sival_int = value};
	e._sigev_un._tid = whom;
	timer_t t;
	must(!timer_create(c, &e, &t));
	return t;
}
static timer_t yardstick(clockid_t c) {
	timer_t t = make(c, SIGEV_NONE, 0, 0, 0);
	must(!timer_settime(t, 0, &(struct itimerspec){.it_value = {1000000, 0}}, 0));
	return t;
}
static void burn(double seconds) {
	for (double s = now(); now() - s < seconds;) ;
}
static timer_t worker_yard, worker_period;
static void *worker(void *p) { // its timers are on the clock of whoever makes them
	worker_yard = yardstick(CLOCK_THREAD_CPUTIME_ID);
	worker_period = make(CLOCK_THREAD_CPUTIME_ID, SIGEV_THREAD_ID, SIGRTMIN + 6, 8, aimed);
	must(!timer_settime(worker_period, 0, &(struct itimerspec){{0, Period}, {0, Period}}, 0));
	for (int mine = ++rounds; !stop; mine++) {
		while (rounds < mine && !stop) usleep(1000);
		if (!stop) burn(0.02);
	}
	return 0;
}
static void *target(void *p) { // waits in a call at home, where its signals break it off
	char c;
	aimed = tid();
	for (;;) {
		ssize_t n = read(wake[0], &c, 1);
		if (n == 1) return 0;
		must(n == -1 && errno == EINTR);
	}
}
int main(void) {
	handle(SIGRTMIN + 5, on_all, SA_RESTART), handle(SIGRTMIN + 6, on_direct, 0);
	sem_init(&notified, 0, 0);
	must(!pipe(wake));
	pthread_t t = thread(target, 0);
	while (!aimed) nap(1);
	timer_t yard = yardstick(CLOCK_PROCESS_CPUTIME_ID), period = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGRTMIN + 5, 7, 0);
	clockid_t me;
	same(pthread_getcpuclockid(pthread_self(), &me), 0);
	timer_t mine = yardstick(me);
	must(!timer_settime(period, 0, &(struct itimerspec){{0, Period}, {0, Period}}, 0));
	long from = left(yard), from_mine = left(mine);
	pthread_t w = thread(worker, 0);
	while (!rounds) nap(1);
	long from_worker = left(worker_yard);
	ready();
	while (more()) {
		rounds++;
		burn(0.02);
		long used_mine = from_mine - left(mine), used_worker = from_worker - left(worker_yard), used = from - left(yard);
		if (used < 0 || used_mine < 0 || used_worker < 0 || used_mine + used_worker > used + 1000000L * (2 + zoo.laps / 8))
			fail(__FILE__, __LINE__, "the threads have used %ld and %ld ns, the process %ld", used_mine, used_worker, used);
		// The third thread's part is small. The kernel looks at its timers once a tick.
		for (double s = now(); all < used / Period - 2 || direct < used_worker / Period - 2; nap(1)) {
			if (now() - s > 10) fail(__FILE__, __LINE__, "%d and %d periods in %ld and %ld ns", all, direct, used, used_worker);
		}
		used = from - left(yard), used_worker = from_worker - left(worker_yard);
		if (all > used / Period + 3 || direct > used_worker / Period + 3)
			fail(__FILE__, __LINE__, "%d and %d periods in %ld and %ld ns", all, direct, used, used_worker);
		same(wrong, 0);
		// one that is made here, and tells by a thread
		struct sigevent th = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = note, .sigev_value.sival_int = 9};
		timer_t c;
		must(!timer_create(CLOCK_PROCESS_CPUTIME_ID, &th, &c));
		must(!timer_settime(c, 0, &(struct itimerspec){.it_value = {0, 5000000}}, 0));
		for (double s = now(); sem_trywait(&notified);) must(now() - s < 10);
		must(!timer_delete(c));
		// to a point in the clock's time
		struct timespec at;
		struct itimerspec v;
		must(!timer_create(CLOCK_THREAD_CPUTIME_ID, &(struct sigevent){.sigev_notify = SIGEV_NONE}, &c));
		must(!clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at));
		at.tv_sec += 1000;
		must(!timer_settime(c, TIMER_ABSTIME, &(struct itimerspec){.it_value = at}, 0));
		must(!timer_gettime(c, &v));
		int lacks = 1 + now() - zoo.start; // at home the clock lacks what was burnt away
		must(v.it_value.tv_sec >= 1000 - lacks && v.it_value.tv_sec <= 1000 + lacks && timer_getoverrun(c) == 0);
		must(!timer_delete(c));
		fails(timer_gettime(c, &v), EINVAL);
	}
	must(all > 0 && direct > 0);
	stop = 1;
	join(w);
	give(wake[1], "", 1);
	join(t);
	must(!timer_delete(yard) && !timer_delete(period) && !timer_delete(mine) && !timer_delete(worker_period) && !timer_delete(worker_yard));
	return ok();
}
