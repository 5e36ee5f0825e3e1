// zoo.h: what every program of the zoo shares.
//
// A program sets its property up, calls ready(), and then checks the property
// lap after lap while it is being moved:
//
//	while (more()) { ... must(...); same(got, want); }
//	return ok();
//
// more() is true until the file named by ZOO_STOP exists, and then once again,
// so that a last lap always runs after the last move. Without ZOO_STOP a
// program makes three laps. A program nobody stops ends by itself after
// ZOO_SECONDS (25) with status 1. A violated property is said on standard
// output and ends the program with status 1.
//
// Head comments the runner reads:
//
//	// build: FLAGS           more flags for the compiler; -static-pie and such
//	// expect: moves          (the default) every move succeeds and it stays away
//	// expect: comes-home     it moves, and may come home by itself
//	// expect: refused CODE   no move succeeds; the program is unharmed
//	// quick                  part of the short run
#ifndef ZOO_H
#define ZOO_H
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static struct {
	int laps, last, at, limit;
	double start;
	char name[64];
} zoo = {.at = -1};

// seconds by a clock that a program may not see going backward.
static inline double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

__attribute__((noreturn, unused, format(printf, 3, 4)))
static void fail(const char *file, int line, const char *how, ...) {
	char text[512];
	int err = errno;
	va_list ap;
	va_start(ap, how);
	vsnprintf(text, sizeof text, how, ap);
	va_end(ap);
	dprintf(1, "%s:%d: %s (errno %d %s, lap %d, second %.3f, pid %d)\n", file, line, text,
		err, strerror(err), zoo.laps, zoo.start ? now() - zoo.start : 0, getpid());
	_exit(1);
}

#define must(cond) do { if (!(cond)) fail(__FILE__, __LINE__, "violated: %s", #cond); } while (0)
#define same(got, want) do { long g_ = (long)(got), w_ = (long)(want); \
	if (g_ != w_) fail(__FILE__, __LINE__, "%s is %ld (0x%lx), not %ld (0x%lx)", #got, g_, g_, w_, w_); } while (0)
// fails checks a call that has to fail with one errno.
#define fails(call, with) do { errno = 0; long r_ = (long)(call); int e_ = errno; \
	if (r_ != -1 || e_ != (with)) fail(__FILE__, __LINE__, "%s gives %ld, errno %d, not errno %d", #call, r_, e_, (with)); } while (0)

// older tells whether the kernel is older than a version.
static inline int older(int major, int minor) {
	struct utsname u;
	int a = 0, b = 0;
	must(!uname(&u) && sscanf(u.release, "%d.%d", &a, &b) == 2);
	return a < major || (a == major && b < minor);
}

// nap sleeps some milliseconds, whatever interrupts it. It sleeps to a point in
// time: what is left of a relative sleep includes the timer's slack, so that
// under signals 20 us apart such a sleep never ends.
static inline void nap(int ms) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms % 1000 * 1000000L;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0) == EINTR) ;
}

static void zoo_begin(void) {
	const char *stop = getenv("ZOO_STOP"), *limit = getenv("ZOO_SECONDS");
	zoo.start = now();
	zoo.limit = limit ? atoi(limit) : 25;
	setvbuf(stdout, 0, _IOLBF, 0);
	if (!stop) return;
	char dir[PATH_MAX];
	snprintf(dir, sizeof dir, "%s", stop);
	char *slash = strrchr(dir, '/');
	must(slash && slash > dir);
	*slash = 0;
	snprintf(zoo.name, sizeof zoo.name, "%s", slash + 1);
	// The directory is held open, high up: programs chroot and count descriptors.
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	must((zoo.at = fcntl(fd, F_DUPFD_CLOEXEC, 200)) >= 0);
	close(fd);
}

// told looks whether the program has been told to stop.
static inline int told(void) {
	if (!zoo.start) zoo_begin();
	if (zoo.at < 0) return zoo.laps >= 3;
	if (now() - zoo.start > zoo.limit) fail(__FILE__, __LINE__, "nobody stopped this program");
	int keep = errno, stop = faccessat(zoo.at, zoo.name, F_OK, 0) == 0;
	errno = keep;
	return stop;
}

// more begins the next lap; laps are at least 2 ms apart.
static inline int more(void) {
	if (zoo.last) return 0;
	nap(2);
	zoo.laps++;
	zoo.last = told();
	return 1;
}

// ready_as announces that process pid may be moved from now on.
static inline void ready_as(pid_t pid) {
	if (!zoo.start) zoo_begin();
	dprintf(1, "ready %d\n", pid);
}

static inline void ready(void) { ready_as(getpid()); }

static inline int ok(void) {
	dprintf(1, "ok\n");
	return 0;
}

// child forks; the child never outlives a run that went wrong.
static inline pid_t child(void) {
	pid_t p = fork();
	must(p >= 0);
	if (p == 0) alarm(35 + (getenv("ZOO_SECONDS") ? atoi(getenv("ZOO_SECONDS")) : 25));
	return p;
}

static inline int reap(pid_t p) {
	int status = -1;
	pid_t r;
	while ((r = waitpid(p, &status, 0)) == -1 && errno == EINTR) ;
	same(r, p);
	return status;
}

#define exits(pid, code) do { int s_ = reap(pid); must(WIFEXITED(s_)); same(WEXITSTATUS(s_), (code)); } while (0)
#define dies(pid, sig) do { int s_ = reap(pid); must(WIFSIGNALED(s_)); same(WTERMSIG(s_), (sig)); } while (0)

// handle installs a three-argument handler.
static inline void handle(int sig, void (*f)(int, siginfo_t *, void *), int flags) {
	struct sigaction a = {.sa_sigaction = f, .sa_flags = SA_SIGINFO | flags};
	same(sigaction(sig, &a, 0), 0);
}

static inline pthread_t thread(void *(*f)(void *), void *arg) {
	pthread_t t;
	same(pthread_create(&t, 0, f, arg), 0);
	return t;
}

static inline void *join(pthread_t t) {
	void *r;
	same(pthread_join(t, &r), 0);
	return r;
}

static inline pid_t tid(void) { return syscall(SYS_gettid); }

// random_next is a fixed sequence: runs are comparable.
static inline uint64_t random_next(uint64_t *x) {
	*x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
	return *x;
}

// give and take move exactly n bytes.
static inline void give(int fd, const void *p, size_t n) {
	for (size_t at = 0; at < n;) {
		ssize_t r = write(fd, (const char *)p + at, n - at);
		if (r == -1 && errno == EINTR) continue;
		must(r > 0);
		at += r;
	}
}

static inline int take(int fd, void *p, size_t n) {
	for (size_t at = 0; at < n;) {
		ssize_t r = read(fd, (char *)p + at, n - at);
		if (r == -1 && errno == EINTR) continue;
		must(r >= 0);
		if (r == 0) return 0;
		at += r;
	}
	return 1;
}

// slurp reads a small file whole and ends it with a zero.
static inline size_t slurp(const char *path, char *p, size_t max) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	size_t at = 0;
	ssize_t r;
	while (at < max - 1 && (r = read(fd, p + at, max - 1 - at)) > 0) at += r;
	p[at] = 0;
	close(fd);
	return at;
}
#endif
