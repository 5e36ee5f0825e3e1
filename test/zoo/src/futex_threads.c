// Mutexes, condition variables, read-write locks, semaphores and barriers keep their promises among contending threads.
// quick
#include "zoo.h"
enum { N = 4 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, rec;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t bar;
static sem_t sem;
static volatile long a, b, c, d;
static volatile int stop, decided;
static void *work(void *p) {
	long n = 0;
	for (int last = 0; !last; n++) {
		pthread_mutex_lock(&m);
		a++;
		pthread_mutex_unlock(&m);
		pthread_mutex_lock(&rec), pthread_mutex_lock(&rec);
		d++;
		pthread_mutex_unlock(&rec), pthread_mutex_unlock(&rec);
		if (n % 4 == 0) {
			pthread_rwlock_wrlock(&rw);
			b++;
			c++;
			pthread_rwlock_unlock(&rw);
		} else {
			pthread_rwlock_rdlock(&rw);
			must(b == c);
			pthread_rwlock_unlock(&rw);
		}
		while (sem_wait(&sem)) ;
		sem_post(&sem);
		if (n % 16 == 15) {
			if (pthread_barrier_wait(&bar) == PTHREAD_BARRIER_SERIAL_THREAD) decided = stop;
			pthread_barrier_wait(&bar);
			last = decided;
		}
	}
	return (void *)n;
}
int main(void) {
	pthread_mutexattr_t ra;
	pthread_mutexattr_init(&ra), pthread_mutexattr_settype(&ra, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&rec, &ra), pthread_barrier_init(&bar, 0, N), sem_init(&sem, 0, 2);
	pthread_t t[N];
	for (int i = 0; i < N; i++) t[i] = thread(work, 0);
	ready();
	while (more()) ;
	stop = 1;
	long n = 0;
	for (int i = 0; i < N; i++) n += (long)join(t[i]);
	same(a, n);
	same(d, n);
	same(b, n / 4);
	return ok();
}
