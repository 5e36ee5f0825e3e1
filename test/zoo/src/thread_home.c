// Threads made at home keep their ids, thread-local storage and conversation through moves.
// quick
#include "zoo.h"
enum { N = 8 };
static __thread uint64_t local[64];
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static int round_, finished, stop;
static void *work(void *arg) {
	uint64_t me = (uintptr_t)arg;
	pid_t id = tid();
	pthread_t self = pthread_self();
	for (int i = 0; i < 64; i++) local[i] = me * 1000 + i;
	for (int seen = 0;;) {
		pthread_mutex_lock(&m);
		while (round_ == seen && !stop) pthread_cond_wait(&turn, &m);
		if (stop) break;
		seen = round_;
		pthread_mutex_unlock(&m);
		same(tid(), id);
		must(pthread_equal(pthread_self(), self));
		for (int i = 0; i < 64; i++) same(local[i], me * 1000 + i);
		pthread_mutex_lock(&m);
		if (++finished == N) pthread_cond_signal(&done);
		pthread_mutex_unlock(&m);
	}
	pthread_mutex_unlock(&m);
	return arg;
}
int main(void) {
	pthread_t t[N];
	for (long i = 0; i < N; i++) t[i] = thread(work, (void *)i);
	ready();
	while (more()) {
		pthread_mutex_lock(&m);
		finished = 0, round_++;
		pthread_cond_broadcast(&turn);
		while (finished < N) pthread_cond_wait(&done, &m);
		pthread_mutex_unlock(&m);
	}
	pthread_mutex_lock(&m);
	stop = 1;
	pthread_cond_broadcast(&turn);
	pthread_mutex_unlock(&m);
	for (long i = 0; i < N; i++) same(join(t[i]), i);
	return ok();
}
