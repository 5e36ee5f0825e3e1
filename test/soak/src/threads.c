// threads: four threads take pieces of a sum from each other under a lock and a
// condition, in turns, with memory of their own in between.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { threads = 4, words = 1 << 15 };
static int rounds;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;
static uint64_t sum = 1;

static void *work(void *me) {
	int my = (int)(intptr_t)me;
	for (int r = 0; r < rounds; r++) {
		uint64_t x = 88172645463325252ull + (uint64_t)(r * threads + my), *mine = malloc(words * sizeof *mine);
		for (int i = 0; i < words; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			mine[i] = x;
		}
		pthread_mutex_lock(&lock);
		while (turn != my) pthread_cond_wait(&turned, &lock);
		for (int i = 0; i < words; i += 64) sum = sum * 6364136223846793005ull + mine[i];
		turn = (turn + 1) % threads;
		pthread_cond_broadcast(&turned);
		pthread_mutex_unlock(&lock);
		free(mine);
	}
	return NULL;
}

int main(int argc, char **argv) {
	rounds = 1500 * (argc > 1 ? atoi(argv[1]) : 1);
	pthread_t t[threads];
	for (int i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, work, (void *)(intptr_t)i)) return 2;
	for (int i = 0; i < threads; i++) pthread_join(t[i], NULL);
	printf("%llu\n", (unsigned long long)sum);
	return 3; // any status has to come home
}
