// Priority-inheriting mutexes: the word holds the owner's thread id as the program knows it, contended or not.
#include "zoo.h"
static pthread_mutex_t m;
static volatile long sum;
static volatile int stop;
static void *work(void *p) {
	long n = 0;
	while (!stop) {
		same(pthread_mutex_lock(&m), 0);
		same(m.__data.__lock & 0x3fffffff, tid());
		sum++, n++;
		if (n % 64 == 0) sched_yield();
		same(pthread_mutex_unlock(&m), 0);
	}
	return (void *)n;
}
int main(void) {
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&m, &a);
	pthread_t t[3];
	for (int i = 0; i < 3; i++) t[i] = thread(work, 0);
	ready();
	while (more()) {
		same(pthread_mutex_lock(&m), 0);
		same(m.__data.__lock & 0x3fffffff, tid());
		sum++;
		nap(1);
		same(pthread_mutex_unlock(&m), 0);
	}
	stop = 1;
	long n = zoo.laps;
	for (int i = 0; i < 3; i++) n += (long)join(t[i]);
	same(sum, n);
	return ok();
}
