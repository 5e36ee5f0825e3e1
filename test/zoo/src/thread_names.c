// Thread and process names set while away are seen in /proc at home and by oneself.
#include "zoo.h"
static void *named(void *p) {
	char want[16], got[32], path[64];
	snprintf(want, sizeof want, "zoo-%ld", (long)p);
	must(!prctl(PR_SET_NAME, want));
	must(!prctl(PR_GET_NAME, got) && !strcmp(got, want));
	snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid());
	slurp(path, got, sizeof got);
	got[strcspn(got, "\n")] = 0;
	must(!strcmp(got, want));
	return 0;
}
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static char called[16];
static int round_, seen;
// other is given its name by another thread, as by pthread_setname_np(3), and knows it.
static void *other(void *p) {
	char got[32];
	pthread_mutex_lock(&lock);
	for (;;) {
		while (round_ == seen) pthread_cond_wait(&turn, &lock);
		must(!prctl(PR_GET_NAME, got) && !strcmp(got, called));
		seen = round_;
		pthread_cond_broadcast(&turn);
	}
}
int main(void) {
	char is[32];
	pthread_t t = thread(other, 0);
	ready();
	for (long lap = 0; more(); lap++) {
		if (lap) {
			must(!pthread_getname_np(t, is, sizeof is));
			must(!strcmp(is, called)); // it has kept it
		}
		if (lap % 4 == 0) {
			snprintf(called, sizeof called, "other-%ld", lap);
			must(!pthread_setname_np(t, called));
		}
		pthread_mutex_lock(&lock);
		round_++;
		pthread_cond_broadcast(&turn);
		while (seen != round_) pthread_cond_wait(&turn, &lock);
		pthread_mutex_unlock(&lock);
		join(thread(named, (void *)lap));
		named((void *)(lap + 1));
		char path[64], got[32], want[32];
		snprintf(path, sizeof path, "/proc/%d/comm", getpid());
		pid_t c = child();
		if (c == 0) { // a process at home looks
			slurp(path, got, sizeof got);
			snprintf(want, sizeof want, "zoo-%ld\n", lap + 1);
			_exit(strcmp(got, want) ? 1 : 0);
		}
		exits(c, 0);
	}
	return ok();
}
