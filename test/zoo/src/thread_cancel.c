// Cancelling threads: deferred in a blocking call, asynchronous in a loop, clean-up handlers run, PTHREAD_CANCELED is the result.
#include "zoo.h"
static volatile int cleaned;
static void clean(void *p) { __atomic_add_fetch(&cleaned, 1, __ATOMIC_SEQ_CST); }
static void *reader(void *p) {
	char b;
	pthread_cleanup_push(clean, 0);
	read(*(int *)p, &b, 1);
	pthread_cleanup_pop(0);
	return 0;
}
static void *spinner(void *p) {
	pthread_cleanup_push(clean, 0);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
	for (volatile long n = 0;; n++) ;
	pthread_cleanup_pop(0);
}
static void *waiter(void *p) {
	static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
	pthread_mutex_lock(&m);
	pthread_cleanup_push((void (*)(void *))pthread_mutex_unlock, &m);
	pthread_cleanup_push(clean, 0);
	for (;;) pthread_cond_wait(&c, &m);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
}
static void *sleeper(void *p) {
	pthread_cleanup_push(clean, 0);
	for (;;) sleep(100);
	pthread_cleanup_pop(0);
}
int main(void) {
	int p[2];
	must(!pipe(p));
	ready();
	while (more()) {
		cleaned = 0;
		pthread_t t[4] = {thread(reader, p), thread(spinner, 0), thread(waiter, 0), thread(sleeper, 0)};
		nap(3);
		for (int i = 0; i < 4; i++) same(pthread_cancel(t[i]), 0);
		for (int i = 0; i < 4; i++) must(join(t[i]) == PTHREAD_CANCELED);
		same(cleaned, 4);
	}
	return ok();
}
