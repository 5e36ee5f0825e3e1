// timerfd: counts expirations, is polled, can be absolute, and shows what is left.
#include "zoo.h"
int main(void) {
	int old = timerfd_create(CLOCK_MONOTONIC, 0);
	double start = now();
	must(old >= 0 && !timerfd_settime(old, 0, &(struct itimerspec){{0, 10000000}, {0, 10000000}}, 0));
	ready();
	uint64_t n, sum = 0;
	while (more()) {
		same(read(old, &n, 8), 8);
		sum += n;
		double spent = now() - start;
		must(sum >= 1 && sum <= spent / 0.01 + 1);
		int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
		must(fd >= 0);
		fails(read(fd, &n, 8), EAGAIN);
		struct timespec t;
		clock_gettime(CLOCK_REALTIME, &t);
		struct itimerspec at = {{0, 0}, {t.tv_sec, t.tv_nsec}}, v;
		must(!timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, 0));
		same(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 10000), 1);
		same(read(fd, &n, 8), 8);
		same(n, 1);
		must(!timerfd_settime(fd, 0, &(struct itimerspec){{0, 0}, {500, 0}}, 0) && !timerfd_gettime(fd, &v));
		must(v.it_value.tv_sec >= 490 && v.it_value.tv_sec <= 500);
		close(fd);
	}
	// None was lost: by now about as many as periods have passed.
	same(read(old, &n, 8), 8);
	sum += n;
	must(sum >= (now() - start) / 0.01 - 60);
	return ok();
}
