// Reads files that stay as they are, and some that do not, again and again, in pieces of all sizes, while signals
// interrupt it and their handler reads files as well; and says what it has found. Nothing of that depends on time.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { files = 10 };
static uint32_t seed = 1;
static unsigned next(unsigned n) { return (seed = seed * 1664525 + 1013904223) >> 8 % 24, (seed >> 8) % n; }

static void must(int ok, const char *what) {
	if (ok) return;
	dprintf(1, "%s: %s\n", what, strerror(errno));
	_exit(1);
}

// Byte i of file f: its contents say what they are.
static char byte(int f, int generation, long i) { return 'a' + (f * 7 + generation * 3 + i + i / 26) % 26; }
static long size(int f) { return f * 1777 + 1; }
static const char *name(int f) { // the same for a handler that comes in between
	static const char *const all[files] = {"g.0", "g.1", "g.2", "g.3", "g.4", "g.5", "g.6", "g.7", "g.8", "g.9"};
	return all[f];
}

static char buf[1 << 16];
static int generation[files];
static long reads, opens;

static void check(int f, const char *b, long at, long n) {
	for (long i = 0; i < n; i++) must(b[i] == byte(f, generation[f], at + i), "other contents");
}

static long left_of(int f, long at) { return size(f) - at; }

// all reads a file from where it stands to its end.
static void all(int f, int fd, long at) {
	for (;;) {
		long want = next(3) ? 1 + next(9000) : next(20);
		memset(buf, 0, want + 1);
		long n = read(fd, buf, want);
		reads++;
		if (n != (want < left_of(f, at) ? want : left_of(f, at)))
			dprintf(1, "read of %ld bytes of file %d at %ld gives %ld: ", want, f, at, n), must(0, "read");
		check(f, buf, at, n);
		must(buf[n] == 0, "more than was read");
		at += n;
		if (n == 0 && want > 0) return;
	}
}

static volatile long ticks, rounds;

// often has the program interrupted each time that so many microseconds have passed; 0: not any more.
static void often(long micros) {
	struct itimerval every = {{0, micros}, {0, micros}};
	setitimer(ITIMER_REAL, &every, NULL);
}

// seldomer: where a signal takes nearly as long as the time between two, the program would hardly get on.
enum { first = 700 };
static void seldomer(void) {
	static long micros = first, since, from;
	if (++since <= 50 + 4 * (rounds - from)) return;
	since = 0, from = rounds;
	often(micros *= 2);
}

static void tick(int sig) {
	char b[40];
	int keep = errno, f = 3 + ticks++ % 3;
	if (ticks % 4 == 0) {
		int fd = open(name(f), O_RDONLY);
		must(fd >= 0, "open in a handler");
		must(read(fd, b, sizeof b) == sizeof b, "read in a handler");
		check(f, b, 0, sizeof b);
		must(!close(fd), "close in a handler");
	}
	seldomer();
	(void)sig;
	errno = keep;
}

static void rewrite(int f) {
	generation[f]++;
	int fd = open(name(f), O_WRONLY);
	for (long i = 0; i < size(f); i++) buf[i] = byte(f, generation[f], i);
	must(fd >= 0 && write(fd, buf, size(f)) == size(f) && !close(fd), "rewrite");
}

static void once(int round) {
	int f = next(files), lowest = 0, what = next(12);
	struct stat st;
	while (fcntl(lowest, F_GETFD) >= 0) lowest++;
	int fd = open(name(f), O_RDONLY | (next(2) ? O_CLOEXEC : 0));
	opens++;
	must(fd == lowest, "the number of a descriptor");
	if (next(2)) must(!fstat(fd, &st) && st.st_size == size(f) && S_ISREG(st.st_mode), "fstat");
	long at = 0;
	switch (what) {
	case 0: // elsewhere in it
		must(lseek(fd, at = next(size(f)), SEEK_SET) == at, "lseek");
		break;
	case 1:
		must(pread(fd, buf, 100, 0) == (size(f) < 100 ? size(f) : 100), "pread");
		check(f, buf, 0, size(f) < 100 ? size(f) : 100);
		break;
	case 2:
		at = read(fd, buf, 11);
		must(at == (size(f) < 11 ? size(f) : 11), "read");
		must(lseek(fd, 0, SEEK_CUR) == at, "where it stands");
		break;
	case 3: { // a second one
		int g = next(files), other = open(name(g), O_RDONLY);
		must(other > fd, "the second number");
		all(g, other, 0);
		must(!close(other), "close");
		break;
	}
	case 4: // replaced while it is open: it is the old one that is read
		if (round % 8 || f < 6) break; // the handler needs the others
		must(link(name(f), "old") == 0 && !rename("old", "kept") && !unlink(name(f)), "unlink");
		all(f, fd, 0);
		at = size(f);
		must(!rename("kept", name(f)), "rename");
		break;
	case 5: // a child goes on
		if (round % 16) break;
		at = read(fd, buf, 13);
		fflush(stdout);
		if (!fork()) {
			all(f, fd, at);
			_exit(0);
		}
		int status;
		must(wait(&status) > 0 && status == 0, "a child");
		must(lseek(fd, 0, SEEK_CUR) == size(f), "where a child has left it");
		at = size(f);
		break;
	case 6:
		must(read(fd, (void *)(long)what, 5) == -1 && errno == EFAULT && !lseek(fd, 0, SEEK_SET), "read to nowhere");
		break;
	case 7:
		must(read(fd + 50, buf, 5) == -1 && errno == EBADF, "read of nothing");
		must(close(fd + 50) == -1 && errno == EBADF, "close of nothing");
		must(write(fd, buf, 5) == -1 && errno == EBADF, "write to what is open to be read");
		break;
	}
	all(f, fd, at);
	must(!close(fd), "close");
	must(read(fd, buf, 1) == -1 && errno == EBADF, "read of what is closed");
}

static sigjmp_buf out;
static void fault(int sig) { siglongjmp(out, sig); }

// peek says what lies where a process away has files: 'x' nothing, '0' zeros, 'c' contents.
static char peek(void) {
	volatile const char *at = (void *)0x2f6d20400000;
	if (sigsetjmp(out, 1)) return 'x';
	for (long i = 5 << 12; i < 64 << 12; i++)
		if (at[i]) return 'c';
	return '0';
}

int main(int argc, char **argv) {
	int times = argc > 2 ? atoi(argv[2]) : 0;
	struct rusage before, after;
	if (argc > 1 && !strcmp(argv[1], "count")) { // how often it waits while it opens, reads and closes
		for (int i = 0; i < 2 * times; i++) {
			if (i == times) getrusage(RUSAGE_SELF, &before);
			int fd = open("g.5", O_RDONLY);
			struct stat st;
			must(fd >= 0 && !fstat(fd, &st) && read(fd, buf, sizeof buf) == size(5) && !read(fd, buf, sizeof buf) && !close(fd), "count");
			if (i < 40) usleep(3000);
		}
		dprintf(1, "done\n");
		while (read(0, buf, 1) > 0);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "large")) { // the same for one that is read from one end to the other
		char *file = argv[3];
		struct rlimit space = {argc > 4 ? (rlim_t)atoi(argv[4]) << 20 : RLIM_INFINITY, RLIM_INFINITY};
		must(!setrlimit(RLIMIT_AS, &space), "setrlimit"); // a further argument: the MB of address space it may have
		int fd = open(file, O_RDONLY);
		uint64_t sum = 0, at = 0;
		for (long n; (n = read(fd, buf, 8192)) > 0; at += n)
			for (long i = 0; i < n; i += 8) sum = sum * 31 + *(uint64_t *)(buf + i);
		dprintf(1, "%lu %lx\n", at, sum);
		while (read(0, buf, 1) > 0);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "leave")) { // becomes somebody else
		signal(SIGSEGV, fault);
		for (int i = 0; i < 400; i++) {
			int fd = open("g.5", O_RDONLY);
			must(read(fd, buf, sizeof buf) == size(5) && !close(fd), "read");
			if (i < 40) usleep(3000);
		}
		dprintf(1, "here %c", peek());
		if (!fork()) dprintf(1, ", in a child %c", peek()), _exit(0);
		wait(NULL);
		must(!setuid(65534), "setuid");
		dprintf(1, ", as another user %c\n", peek());
		return 0;
	}
	(void)after;
	struct sigaction sa = {.sa_handler = tick, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &sa, NULL);
	for (int i = 0; i < 60; i++) { // they become known
		for (int f = 0; f < files; f++) {
			int fd = open(name(f), O_RDONLY);
			all(f, fd, 0);
			close(fd);
		}
		usleep(1000);
	}
	often(first);
	for (int i = 0; i < times; i++, rounds++) {
		once(i);
		if (i % 1000 == 999) rewrite(6 + next(4));
	}
	often(0);
	must(ticks > 10, "it was not interrupted");
	printf("%ld opens, %ld reads\n", opens, reads);
	return 0;
}
