// Limits and CPUs that another process sets act soon, wherever both of them are.
#include "zoo.h"

static int to[2][2], from[2][2];
static cpu_set_t all;
static int first = -1, last = -1;
static struct rlimit data;

// setter does for its parent what it is told to.
static void setter(int i) {
	for (char c; take(to[i][0], &c, 1); give(from[i][1], &c, 1)) {
		cpu_set_t s;
		CPU_ZERO(&s);
		switch (c) {
		case 'd': must(!prlimit(getppid(), RLIMIT_DATA, &(struct rlimit){1 << 16, data.rlim_max}, 0)); break;
		case 'D': must(!prlimit(getppid(), RLIMIT_DATA, &data, 0)); break;
		case 'f': CPU_SET(first, &s); must(!sched_setaffinity(getppid(), sizeof s, &s)); break;
		case 'l': CPU_SET(last, &s); must(!sched_setaffinity(getppid(), sizeof s, &s)); break;
		case 'a': must(!sched_setaffinity(getppid(), sizeof all, &all));
		}
	}
	_exit(8);
}

static int maps(void) {
	void *m = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED) same(errno, ENOMEM);
	else munmap(m, 1 << 20);
	return m != MAP_FAILED;
}

static int cpu(void) {
	unsigned c = 9999;
	must(!syscall(SYS_getcpu, &c, 0, 0));
	return c;
}

static int mapsnt(void) { return !maps(); }
static int at_first(void) { return cpu() == first; }
static int at_last(void) { return cpu() == last; }

// soon waits until something holds, and then goes on holding.
static void soon(int (*holds)(void), const char *what) {
	double until = now() + 15;
	for (int times = 0; times < 30; times = holds() ? times + 1 : 0) {
		if (now() > until) fail(__FILE__, __LINE__, "for 15 seconds it did not act: %s", what);
		for (volatile int i = 0; i < 300000; i++) ;
	}
}

static void tell(int i, char c) {
	give(to[i][1], &c, 1);
	must(take(from[i][0], &c, 1));
}

// turn has one of the setters change something, and something else the next time.
static void turn(int lap) {
	int i = lap & 1;
	if (lap & 2) {
		tell(i, 'd');
		soon(mapsnt, "less data");
		tell(i, 'D');
		soon(maps, "more data");
		return;
	}
	tell(i, 'l');
	soon(at_last, "the last CPU");
	tell(i, 'f');
	soon(at_first, "the first CPU");
	tell(i, 'a');
}

int main(void) {
	must(!sched_getaffinity(0, sizeof all, &all) && !getrlimit(RLIMIT_DATA, &data));
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all)) last = i, first = first < 0 ? i : first;
	pid_t c[2];
	for (int i = 0; i < 2; i++) {
		must(!pipe2(to[i], O_CLOEXEC) && !pipe2(from[i], O_CLOEXEC));
		if (!(c[i] = child())) {
			close(to[0][1]), close(to[1][1]);
			setter(i);
		}
	}
	ready();
	dprintf(1, "also %d\n", c[1]); // the other one stays at home
	int lap = 0;
	while (more()) turn(lap++);
	for (int i = 0; i < 4; i++) turn(lap++); // where it has come to
	close(to[0][1]), close(to[1][1]);
	exits(c[0], 8);
	exits(c[1], 8);
	return ok();
}
