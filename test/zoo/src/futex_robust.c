// A robust mutex whose owner dies, thread or process, gives EOWNERDEAD to the next, and can be made consistent.
// quick
#include "zoo.h"
static pthread_mutex_t m;
static void *die_holding(void *p) {
	same(pthread_mutex_lock(&m), 0);
	return 0;
}
int main(void) {
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&m, &a);
	ready();
	while (more()) {
		join(thread(die_holding, 0));
		same(m.__data.__lock & 0x40000000, 0x40000000);
		same(pthread_mutex_lock(&m), EOWNERDEAD);
		same(m.__data.__lock & 0x3fffffff, tid());
		same(pthread_mutex_consistent(&m), 0);
		same(pthread_mutex_unlock(&m), 0);
		same(pthread_mutex_lock(&m), 0);
		same(pthread_mutex_unlock(&m), 0);
	}
	return ok();
}
