// The robust list of a thread made at home is honoured when that thread ends away.
#include "zoo.h"
static pthread_mutex_t m;
static volatile int go;
static sem_t held;
static void *owner(void *p) {
	same(pthread_mutex_lock(&m), 0);
	sem_post(&held);
	while (!go) nap(1);
	return 0;
}
int main(void) {
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&m, &a);
	sem_init(&held, 0, 0);
	pthread_t t = thread(owner, 0);
	while (sem_wait(&held)) ;
	ready();
	while (more()) same(pthread_mutex_trylock(&m), EBUSY);
	go = 1;
	struct timespec t2;
	clock_gettime(CLOCK_REALTIME, &t2), t2.tv_sec += 10;
	same(pthread_mutex_timedlock(&m, &t2), EOWNERDEAD);
	join(t);
	return ok();
}
