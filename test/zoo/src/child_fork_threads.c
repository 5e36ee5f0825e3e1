// fork by one thread of several while others run: the child has that one thread, and locks it held.
#include "zoo.h"
static volatile int stop;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static void *churn(void *p) {
	volatile unsigned long n = 0;
	while (!stop) {
		pthread_mutex_lock(&m);
		n++;
		pthread_mutex_unlock(&m);
	}
	return 0;
}
static void *forker(void *p) {
	for (int i = 0; !stop; i++) {
		pthread_mutex_lock(&m);
		pid_t c = child();
		if (c == 0) {
			same(tid(), getpid());
			pthread_mutex_unlock(&m);
			char b[4096];
			slurp("/proc/self/status", b, sizeof b);
			char *t = strstr(b, "Threads:");
			must(t);
			same(atoi(t + 8), 1);
			_exit(i & 63);
		}
		pthread_mutex_unlock(&m);
		exits(c, i & 63);
		nap(1);
	}
	return 0;
}
int main(void) {
	pthread_t t[4];
	for (int i = 0; i < 4; i++) t[i] = thread(i < 2 ? forker : churn, 0);
	ready();
	while (more()) ;
	stop = 1;
	for (int i = 0; i < 4; i++) join(t[i]);
	return ok();
}
