// Threads and processes come and go without pause, under an alarm every 10 ms,
// and every result is checked. One round is one pass through all of the ways;
// a watchdog tells which of them hangs. The contract is zoo.h's.
#include "zoo.h"

static volatile int alarms, usr1;
static const char *volatile way = "start";
static volatile long rounds;
static volatile double since;

static void on(int s, siginfo_t *i, void *u) {
	int e = errno;
	if (s == SIGALRM) alarms++;
	else __atomic_add_fetch(&usr1, 1, __ATOMIC_SEQ_CST);
	errno = e;
}

static __thread long local = 42;
static __thread char text[100] = "fresh";

// fresh checks what every new thread must find: its own storage and ids.
static void fresh(void) {
	same(local, 42);
	must(!strcmp(text, "fresh"));
	same(syscall(SYS_getpid), getpid());
	must(tid() != getpid());
}

static void *brief(void *arg) {
	fresh();
	local = (long)arg, text[0] = 'x';
	return (void *)(local * 2);
}

static void one_by_one(void) {
	for (long i = 0; i < 40; i++) same(join(thread(brief, (void *)i)), i * 2);
}

static pthread_barrier_t all;
static void *meet(void *arg) {
	fresh();
	local = tid();
	pthread_barrier_wait(&all);
	same(local, tid());
	return (void *)local;
}

static void all_at_once(void) {
	enum { N = 24 };
	pthread_t t[N];
	long ids[N];
	pthread_barrier_init(&all, 0, N);
	for (int i = 0; i < N; i++) t[i] = thread(meet, 0);
	for (int i = 0; i < N; i++) {
		ids[i] = (long)join(t[i]);
		for (int k = 0; k < i; k++) must(ids[k] != ids[i]);
	}
	pthread_barrier_destroy(&all);
}

static volatile int cleaned;
static int nobody_writes[2];
static void clean(void *p) { __atomic_add_fetch(&cleaned, 1, __ATOMIC_SEQ_CST); }

static void *blocked(void *arg) {
	char b;
	pthread_cleanup_push(clean, 0);
	switch ((long)arg % 4) {
	case 0: read(nobody_writes[0], &b, 1); break;
	case 1: for (;;) sleep(100);
	case 2: poll(&(struct pollfd){nobody_writes[0], POLLIN, 0}, 1, -1); break;
	case 3:
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
		for (volatile long n = 0;; n++) ;
	}
	pthread_testcancel(); // an alarm may have ended the poll
	for (;;) sleep(100);
	pthread_cleanup_pop(0);
}

static void cancelled(void) {
	enum { N = 8 };
	pthread_t t[N];
	cleaned = 0;
	for (long i = 0; i < N; i++) t[i] = thread(blocked, (void *)i);
	if (rounds % 2) nap(2);
	for (int i = 0; i < N; i++) same(pthread_cancel(t[i]), 0);
	for (int i = 0; i < N; i++) must(join(t[i]) == PTHREAD_CANCELED);
	must(cleaned <= N); // one cancelled at its first instruction has nothing to clean
}

static sem_t left;
static void *loose(void *arg) {
	fresh();
	sem_post(&left);
	return 0;
}

static void detached(void) {
	for (int i = 0; i < 10; i++) same(pthread_detach(thread(loose, 0)), 0);
	for (int i = 0; i < 10; i++)
		while (sem_wait(&left)) same(errno, EINTR);
}

static pthread_mutex_t robust, inherit;
static void *die_holding(void *arg) {
	same(pthread_mutex_lock(&robust), 0);
	return 0;
}

static void owner_dies(void) {
	for (int i = 0; i < 5; i++) {
		join(thread(die_holding, 0));
		same(pthread_mutex_lock(&robust), EOWNERDEAD);
		same(pthread_mutex_consistent(&robust), 0);
		same(pthread_mutex_unlock(&robust), 0);
	}
}

static volatile long sum;
static void *add(void *arg) {
	for (int i = 0; i < 300; i++) {
		same(pthread_mutex_lock(&inherit), 0);
		same(inherit.__data.__lock & 0x3fffffff, tid());
		sum++;
		same(pthread_mutex_unlock(&inherit), 0);
	}
	return 0;
}

static void inherited_priority(void) {
	pthread_t t[4];
	sum = 0;
	for (int i = 0; i < 4; i++) t[i] = thread(add, 0);
	for (int i = 0; i < 4; i++) join(t[i]);
	same(sum, 1200);
}

static volatile int stop_yielding;
static void *yield(void *arg) {
	while (!stop_yielding) sched_yield();
	return 0;
}

static void signalled(void) {
	pthread_t t[4];
	usr1 = stop_yielding = 0;
	for (int i = 0; i < 4; i++) t[i] = thread(yield, 0);
	for (int n = 1; n <= 20; n++) {
		same(pthread_kill(t[n % 4], SIGUSR1), 0);
		while (usr1 < n) sched_yield();
		same(usr1, n);
	}
	stop_yielding = 1;
	for (int i = 0; i < 4; i++) join(t[i]);
}

static void forks(void) {
	pid_t me = getpid();
	for (int i = 0; i < 4; i++) {
		pid_t c = child();
		if (c == 0) _exit(getppid() == me && tid() == getpid() ? 50 + i : 1);
		exits(c, 50 + i);
	}
	pid_t c = child();
	if (c == 0) for (;;) pause();
	must(!kill(c, SIGKILL));
	dies(c, SIGKILL);
}

// A child with threads of its own, ended by one that is not its first.
static void *ends_all(void *arg) {
	fresh();
	exit(31);
}

static void forks_threads(void) {
	pid_t c = child();
	if (c == 0) {
		stop_yielding = 0;
		for (int i = 0; i < 3; i++) thread(yield, 0);
		same(join(thread(brief, (void *)7)), 14);
		thread(ends_all, 0);
		for (;;) pause();
	}
	exits(c, 31);
}

static void *forks_in_thread(void *arg) {
	for (int i = 0; i < 3; i++) {
		pid_t c = child();
		if (c == 0) _exit((long)arg * 10 + i);
		exits(c, (long)arg * 10 + i);
	}
	return 0;
}

static void forks_while_threads_come(void) {
	pthread_t t[3];
	for (long i = 0; i < 3; i++) t[i] = thread(forks_in_thread, (void *)i);
	for (long i = 0; i < 20; i++) same(join(thread(brief, (void *)i)), i * 2);
	for (int i = 0; i < 3; i++) join(t[i]);
}

extern char **environ;
static void execs(void) {
	char code[12];
	snprintf(code, sizeof code, "%ld", 60 + rounds % 60);
	char *argv[] = {"churn", "exit-with", code, NULL};
	pid_t c = child();
	if (c == 0) execv("/proc/self/exe", argv), _exit(127);
	exits(c, 60 + rounds % 60);
	c = vfork();
	must(c >= 0);
	if (c == 0) execv("/proc/self/exe", argv), _exit(127);
	exits(c, 60 + rounds % 60);
	same(posix_spawn(&c, "/proc/self/exe", 0, 0, argv, environ), 0);
	exits(c, 60 + rounds % 60);
	same(posix_spawn(&c, "/no/such/program", 0, 0, argv, environ), ENOENT);
}

// Two threads that talk through pipes all the time, blocking in read.
static int to[2], from[2];
static void *echo(void *arg) {
	uint64_t v;
	while (take(to[0], &v, sizeof v)) {
		v = v * 3 + 1;
		give(from[1], &v, sizeof v);
	}
	return 0;
}

static volatile int hang_up;
static void *talk(void *arg) {
	uint64_t n = 0, v;
	for (; !hang_up; n++) {
		give(to[1], &n, sizeof n);
		must(take(from[0], &v, sizeof v));
		same(v, n * 3 + 1);
		if (n % 8 == 0) nap(1);
	}
	close(to[1]);
	return (void *)n;
}

static void *watch(void *arg) {
	for (;;) {
		nap(500);
		double now_ = now();
		if (now_ - since > 60) fail(__FILE__, __LINE__, "round %ld hangs in %s", rounds, way);
	}
}

int main(int argc, char **argv) {
	if (argc == 3 && !strcmp(argv[1], "exit-with")) return atoi(argv[2]);
	static const struct { const char *name; void (*f)(void); } ways[] = {
		{"one_by_one", one_by_one}, {"all_at_once", all_at_once}, {"cancelled", cancelled}, {"detached", detached},
		{"owner_dies", owner_dies}, {"inherited_priority", inherited_priority}, {"signalled", signalled}, {"forks", forks},
		{"forks_threads", forks_threads}, {"forks_while_threads_come", forks_while_threads_come}, {"execs", execs},
	};
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a), pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &a);
	pthread_mutexattr_init(&a), pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&inherit, &a);
	sem_init(&left, 0, 0);
	must(!pipe2(nobody_writes, O_CLOEXEC) && !pipe2(to, O_CLOEXEC) && !pipe2(from, O_CLOEXEC));
	handle(SIGALRM, on, SA_RESTART), handle(SIGUSR1, on, SA_RESTART);
	must(!setitimer(ITIMER_REAL, &(struct itimerval){{0, 10000}, {0, 10000}}, 0));
	since = now();
	thread(watch, 0);
	pthread_t e = thread(echo, 0), t = thread(talk, 0);
	ready();
	while (more()) {
		for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
			since = now(), way = ways[i].name;
			ways[i].f();
		}
		rounds++;
	}
	since = now(), way = "the end";
	hang_up = 1;
	must((long)join(t) > 0);
	join(e);
	must(alarms > 0);
	dprintf(1, "%ld rounds, %d alarms\n", rounds, alarms);
	return ok();
}
