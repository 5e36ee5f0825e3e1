// Asks for the CPU time it has used again and again, while it computes, while home does something for it, and from two threads.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double last;

static void must(int ok, const char *what) {
	if (ok) return;
	perror(what);
	exit(1);
}

// now is the time the process has used, which never goes back, by whatever it is asked for.
static double now(int by) {
	struct timespec t;
	struct rusage u;
	double v;
	if (by % 8 == 7) { // in the kernel and out of it are told in microseconds
		must(!getrusage(RUSAGE_SELF, &u), "getrusage");
		v = u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec + 2) / 1e6;
		if (v < last) printf("getrusage went from %.6f to %.6f\n", last, v);
		return v;
	}
	must(!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), "clock_gettime");
	v = t.tv_sec + t.tv_nsec / 1e9;
	if (v < last) printf("the clock went from %.6f to %.6f\n", last, v);
	return last = v;
}

// ofChildren is what children have used that were waited for, microseconds.
static long ofChildren(void) {
	struct rusage u;
	must(!getrusage(RUSAGE_CHILDREN, &u), "getrusage");
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void computes(double seconds) {
	for (double began = now(0); now(0) - began < seconds;)
		for (volatile int i = 0; i < 20000; i++) ;
}

static void *asks(void *one) {
	struct timespec t;
	double before = 0, v;
	for (int i = 0; i < 300; i++, before = v) {
		must(!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), "clock_gettime");
		v = t.tv_sec + t.tv_nsec / 1e9;
		if (v < before) printf("a thread's clock went from %.6f to %.6f\n", before, v);
		if (i % 16 == 0) (void)getppid();
	}
	return one;
}

int main(void) {
	for (int i = 0; i < 4000; i++) now(i & 4 ? 7 : 0); // by turns of four, as what is asked for last is what is known
	computes(0.1);
	// R asks so at each collection of garbage.
	for (int i = 0; i < 1000; i++) {
		now(7);
		if (ofChildren()) puts("there are children");
	}
	for (int lap = 1; lap <= 2; lap++) {
		long before = ofChildren();
		if (!fork()) {
			computes(0.03);
			_exit(0);
		}
		must(wait(0) > 0, "wait");
		if (ofChildren() < before + 20000) printf("a child has used %ld us\n", ofChildren() - before);
	}
	// What home does for the process counts: reading 64 MB there takes time, and the process hears of it.
	static char b[4 << 20];
	int fd = open("/dev/zero", O_RDONLY);
	must(fd >= 0, "open");
	for (int lap = 0; lap < 3; lap++) {
		double before = now(0);
		for (int i = 0; i < 16; i++) must(read(fd, b, sizeof b) == sizeof b, "read");
		if (now(0) - before < 0.001) printf("64 MB were read in %.6f s\n", now(0) - before);
	}
	pthread_t other;
	must(!pthread_create(&other, 0, asks, 0), "pthread_create");
	asks(0);
	must(!pthread_join(other, 0), "pthread_join");
	computes(0.01);
	puts("done");
}
