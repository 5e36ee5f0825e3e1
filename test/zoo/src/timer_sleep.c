// A relative sleep that is moved several times lasts as long in all as it was asked to, not longer by the moves.
// quick
#include "zoo.h"
static const double Want = 1.5;
static void check(double start, const char *what) {
	double took = now() - start;
	if (took < Want - 0.002 || took > Want + 4) fail(__FILE__, __LINE__, "%s lasted %.3f s, not %.1f", what, took, Want);
}
static pthread_mutex_t taken = PTHREAD_MUTEX_INITIALIZER;
static void *futile(void *arg) {
	static int dead[4][2];
	static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
	long k = (long)arg;
	if (k < 4) must(!pipe(dead[k]));
	int *p = dead[k & 3], ms = Want * 1000;
	double start = now();
	struct timespec rel = {1, 500000000}, abs;
	struct timeval tv = {1, 500000};
	clock_gettime(k == 7 ? CLOCK_MONOTONIC : CLOCK_REALTIME, &abs);
	abs.tv_nsec += 500000000;
	abs.tv_sec += 1 + abs.tv_nsec / 1000000000, abs.tv_nsec %= 1000000000;
	fd_set r;
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	static sem_t sem;
	int ep, s[2];
	char b;
	sigset_t set;
	switch (k) {
	case 0: same(nanosleep(&rel, 0), 0); break;
	case 1: same(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, ms), 0); break;
	case 2: same(select(p[0] + 1, &r, 0, 0, &tv), 0); break;
	case 3: ep = epoll_create1(0); same(epoll_wait(ep, &(struct epoll_event){0}, 1, ms), 0); break;
	case 4: pthread_mutex_lock(&m); same(pthread_cond_timedwait(&c, &m, &abs), ETIMEDOUT); break;
	case 5: fails(sem_timedwait(&sem, &abs), ETIMEDOUT); break;
	case 6: same(pthread_mutex_timedlock(&taken, &abs), ETIMEDOUT); break;
	case 7: same(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, 0), 0); break;
	case 8: same(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &abs, 0), 0); break;
	case 9:
		must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
		setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
		fails(recv(s[0], &b, 1, 0), EAGAIN);
		break;
	case 10:
		sigemptyset(&set), sigaddset(&set, SIGUSR1);
		fails(sigtimedwait(&set, 0, &rel), EAGAIN);
		break;
	case 11: same(ppoll(0, 0, &rel, 0), 0); break;
	}
	static const char *names[] = {"nanosleep", "poll", "select", "epoll_wait", "pthread_cond_timedwait", "sem_timedwait",
		"pthread_mutex_timedlock", "monotonic clock_nanosleep", "realtime clock_nanosleep", "recv with a timeout", "sigtimedwait", "ppoll"};
	check(start, names[k]);
	return 0;
}
int main(void) {
	enum { N = 12 };
	pthread_mutex_lock(&taken);
	sigset_t set;
	sigemptyset(&set), sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, 0);
	pthread_t t[N];
	for (long i = 0; i < N; i++) t[i] = thread(futile, (void *)i);
	ready();
	for (int i = 0; i < N; i++) join(t[i]);
	while (more()) ;
	return ok();
}
