// Locks, semaphores, conditions and barriers in memory that processes share work between those that are away and those at home.
// build: -pthread
// quick
#include "zoo.h"
struct all {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	pthread_barrier_t meet;
	sem_t ask, answer;
	volatile long count, under, laps, stop;
	volatile pid_t in;
};
static void part(struct all *m, int times) {
	for (int i = 0; i < times; i++) {
		must(!pthread_mutex_lock(&m->lock));
		must(m->in == 0);
		m->in = getpid();
		m->under++;
		must(m->in == getpid());
		m->in = 0;
		must(!pthread_mutex_unlock(&m->lock));
		__atomic_fetch_add(&m->count, 1, __ATOMIC_SEQ_CST);
	}
}
int main(void) {
	struct all *m = mmap(0, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;
	pthread_barrierattr_t ba;
	must(!pthread_mutexattr_init(&ma) && !pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED) && !pthread_mutex_init(&m->lock, &ma));
	must(!pthread_condattr_init(&ca) && !pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED) && !pthread_cond_init(&m->turn, &ca));
	must(!pthread_barrierattr_init(&ba) && !pthread_barrierattr_setpshared(&ba, PTHREAD_PROCESS_SHARED) && !pthread_barrier_init(&m->meet, &ba, 3));
	must(!sem_init(&m->ask, 1, 0) && !sem_init(&m->answer, 1, 0));
	enum { helpers = 2, times = 200 };
	pid_t c[helpers];
	for (int i = 0; i < helpers; i++) {
		if ((c[i] = child()) != 0) continue;
		for (;;) {
			while (sem_wait(&m->ask)) same(errno, EINTR);
			if (m->stop) _exit(7);
			part(m, times);
			must(!sem_post(&m->answer));
			pthread_barrier_wait(&m->meet);
			must(!pthread_mutex_lock(&m->lock)); // a turn for each, in whatever order
			while (m->laps == 0) must(!pthread_cond_wait(&m->turn, &m->lock));
			m->laps--;
			must(!pthread_mutex_unlock(&m->lock));
			must(!sem_post(&m->answer));
		}
	}
	ready();
	long all = 0;
	while (more()) {
		for (int i = 0; i < helpers; i++) must(!sem_post(&m->ask));
		part(m, times);
		for (int i = 0; i < helpers; i++) {
			struct timespec until;
			must(!clock_gettime(CLOCK_REALTIME, &until));
			until.tv_sec += 20;
			while (sem_timedwait(&m->answer, &until)) same(errno, EINTR);
		}
		all += (helpers + 1) * times;
		same(m->count, all);
		same(m->under, all);
		pthread_barrier_wait(&m->meet);
		must(!pthread_mutex_lock(&m->lock));
		m->laps = helpers;
		must(!pthread_cond_broadcast(&m->turn));
		must(!pthread_mutex_unlock(&m->lock));
		for (int i = 0; i < helpers; i++)
			while (sem_wait(&m->answer)) same(errno, EINTR);
		struct timespec soon; // nobody posts: it ends by its time, not before
		must(!clock_gettime(CLOCK_REALTIME, &soon));
		soon.tv_nsec += 20000000;
		if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
		int r;
		while ((r = sem_timedwait(&m->answer, &soon)) && errno == EINTR);
		must(r == -1 && errno == ETIMEDOUT);
		struct timespec is;
		must(!clock_gettime(CLOCK_REALTIME, &is));
		must(is.tv_sec > soon.tv_sec || (is.tv_sec == soon.tv_sec && is.tv_nsec >= soon.tv_nsec));
	}
	m->stop = 1;
	for (int i = 0; i < helpers; i++) must(!sem_post(&m->ask));
	for (int i = 0; i < helpers; i++) exits(c[i], 7);
	return ok();
}
