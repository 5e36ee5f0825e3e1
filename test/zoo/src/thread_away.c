// Threads made while away: fresh thread-local storage, ids of their own, results, detaching, own stacks, barriers.
// quick
#include "zoo.h"
static __thread long local = 42;
static __thread char text[100] = "untouched";
static pthread_barrier_t b;
static pid_t ids[16];
static sem_t gone;
static void *work(void *arg) {
	long i = (long)arg;
	same(local, 42);
	must(!strcmp(text, "untouched"));
	local = i, text[0] = i;
	ids[i] = tid();
	must(tid() != getpid());
	char big[50000];
	memset(big, i, sizeof big);
	pthread_barrier_wait(&b);
	for (int k = 0; k < 16; k++) must(k == i || ids[k] != ids[i]);
	pthread_barrier_wait(&b);
	for (size_t k = 0; k < sizeof big; k += 999) same(big[k], (char)i);
	same(local, i);
	return (void *)(i * 3);
}
static void *loose(void *arg) {
	sem_post(&gone);
	return 0;
}
int main(void) {
	sem_init(&gone, 0, 0);
	ready();
	while (more()) {
		pthread_t t[16];
		pthread_barrier_init(&b, 0, 16);
		for (long i = 0; i < 16; i++) t[i] = thread(work, (void *)i);
		for (long i = 0; i < 16; i++) same(join(t[i]), i * 3);
		pthread_barrier_destroy(&b);
		for (int i = 0; i < 3; i++) must(!pthread_detach(thread(loose, 0)));
		for (int i = 0; i < 3; i++)
			while (sem_wait(&gone)) same(errno, EINTR);
		// A thread is joined a moment before the kernel no longer counts it.
		char s[4096], *n;
		for (double start = now();; nap(1)) {
			slurp("/proc/self/status", s, sizeof s);
			n = strstr(s, "Threads:");
			must(n && atoi(n + 8) >= 1 && now() - start < 15);
			if (atoi(n + 8) <= 4) break;
		}
	}
	return ok();
}
