// Writes files piece by piece, and does what could show whether what was written is
// there, in its order, with the errors that it should have.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char piece[4096];
static const char *self;

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void fill(int n)
{
	for (size_t i = 0; i < sizeof piece; i++)
		piece[i] = 'a' + (n + i / 64) % 26;
}

static int fresh(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		fail(name);
	return fd;
}

// Says what a file contains, as it is found by its name.
static void sum(const char *what, const char *name)
{
	unsigned long h = 5381, n = 0;
	FILE *f = fopen(name, "r");
	int c;
	if (!f)
		fail(name);
	while ((c = getc(f)) != EOF)
		h = h * 33 + c, n++;
	fclose(f);
	printf("%s: %lu bytes, %lx\n", what, n, h);
}

static void pieces(int fd, int n)
{
	for (int i = 0; i < n; i++) {
		fill(i);
		ssize_t size = write(fd, piece, 4096 - i % 7);
		if (size != 4096 - i % 7) {
			printf("piece %d: %zd %s\n", i, size, size < 0 ? strerror(errno) : "");
			return;
		}
	}
}

// Until it has been moved, if it is to be.
static void waits(void)
{
	const char *go = getenv("GO");
	for (int i = 0; go && access(go, F_OK); i++, usleep(2000))
		if (i == 15000) {
			printf("nobody says that it has been moved\n");
			exit(1);
		}
}

static void spin(double seconds)
{
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while (b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9 < seconds);
}

static volatile int signalled;

static void note(int sig)
{
	signalled = sig;
}

// One that writes, says so by a pipe, and goes on without another call.
static void tells(const char *how, int done)
{
	int fd = fresh(how);
	signal(SIGUSR1, note);
	signal(SIGXFSZ, SIG_IGN);
	pieces(fd, 20);
	write(done, "w", 1);
	if (!strcmp(how, "lowered")) {
		while (!signalled)
			;
		pieces(fd, 1);
		_exit(4);
	}
	for (;;)
		;
}

// One that hears by a pipe that the disk is full, and writes on at once.
static void hears(const char *name, int done, int full)
{
	char c;
	int fd = fresh(name);
	pieces(fd, 3);
	write(done, "w", 1);
	if (read(full, &c, 1) != 1)
		fail("read");
	pieces(fd, 20);
	_exit(5);
}

static void fills(void)
{
	int done[2], full[2], status;
	char a[16], b[16], c;
	struct stat here, there;
	if (stat(".", &here) || stat("wide", &there) || here.st_dev == there.st_dev) {
		printf("no file system of its own to fill\n");
		return;
	}
	if (pipe(done) || pipe(full))
		fail("pipe");
	snprintf(a, sizeof a, "%d", done[1]);
	snprintf(b, sizeof b, "%d", full[0]);
	pid_t child = fork();
	if (!child) {
		execl(self, self, "wide/hears", a, b, NULL);
		_exit(9);
	}
	if (read(done[0], &c, 1) != 1)
		fail("read");
	sum("when it is told", "wide/hears");
	sync(); // what is written has its place
	int fd = fresh("wide/rest");
	off_t at = 0;
	for (off_t step = 1 << 30; step >= 4096; step /= 2)
		while (!fallocate(fd, 0, at, step))
			at += step;
	write(full[1], "f", 1);
	waitpid(child, &status, 0);
	close(fd);
	unlink("wide/rest");
	printf("hears: status %x; ", status);
	sum("file", "wide/hears");
}

// What others see of it, and do to it, as soon as it has said so.
static void told(const char *how)
{
	int status, done[2];
	char number[16], c;
	if (pipe(done))
		fail("pipe");
	snprintf(number, sizeof number, "%d", done[1]);
	pid_t child = fork();
	if (!child) {
		execl(self, self, how, number, NULL);
		_exit(9);
	}
	if (read(done[0], &c, 1) != 1)
		fail("read");
	sum("when it is told", how);
	if (!strcmp(how, "lowered")) {
		struct rlimit l = {1000, 1000};
		if (prlimit(child, RLIMIT_FSIZE, &l, NULL))
			fail("prlimit");
		kill(child, SIGUSR1);
	} else
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	printf("%s: status %x; ", how, status);
	sum("file", how);
	close(done[0]);
	close(done[1]);
}

// One that ends in this way when it has written.
static void ends(const char *how)
{
	int status;
	fflush(stdout);
	if (!fork()) {
		execl(self, self, how, NULL);
		_exit(9);
	}
	wait(&status);
	printf("%s: status %x; ", how, status & ~0x80); // whether there is a core does not matter
	sum("file", how);
}

// A file gets another number, as who wants it for its standard output gives it, and loses that again.
static void renumbered(int n)
{
	int fd = fresh("renumbered"), other = dup2(fd, 50);
	if (other != 50)
		fail("dup2");
	close(fd);
	pieces(50, n);
	sum("renumbered", "renumbered");
	dup2(50, 51);
	pieces(51, n);
	pieces(50, n);
	sum("by two numbers", "renumbered");
	close(51);
	pieces(50, n);
	lseek(50, 0, SEEK_SET);
	pieces(50, n);
	fd = fresh("another");
	dup2(fd, 50); // which closes the first
	pieces(50, n);
	pieces(fd, n);
	close(fd);
	pieces(50, n);
	close(50);
	sum("renumbered", "renumbered");
	sum("another", "another");
}

// Of what is written to /dev/null nothing is left, wherever it comes from.
static void nothing(void)
{
	int fd = open("/dev/null", O_WRONLY), other;
	struct stat st;
	pieces(fd, 20);
	printf("from nowhere: %zd\n", write(fd, (void *)8, 100));
	printf("nothing: %zd\n", write(fd, piece, 0));
	printf("at %ld\n", (long)lseek(fd, 0, SEEK_CUR));
	pieces(fd, 5);
	other = fresh("instead"); // the number becomes another file's
	if (dup2(other, fd) != fd)
		fail("dup2");
	pieces(fd, 5);
	close(other);
	pieces(fd, 5);
	sum("instead", "instead");
	close(fd);
	printf("closed: %zd\n", write(fd, piece, 10));
	fd = open("/dev/null", O_RDONLY);
	printf("to be read: %zd %s\n", write(fd, piece, 10), strerror(errno));
	close(fd);
	fd = open("/dev/null", O_WRONLY);
	pieces(fd, 5);
	if (!fork()) {
		pieces(fd, 5);
		_exit(0);
	}
	wait(NULL);
	pieces(fd, 5);
	printf("%d\n", fstat(fd, &st) || st.st_size);
	close(fd);
}

int main(int argc, char **argv)
{
	struct stat st;
	self = argv[0];
	setvbuf(stdout, 0, _IONBF, 0);
	if (argc > 1 && !strcmp(argv[1], "many")) {
		int fd = fresh(argv[2]);
		waits();
		pieces(fd, atoi(argv[3]));
		sum("many", argv[2]);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "renumbered")) {
		waits();
		renumbered(atoi(argv[3]));
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "nothing")) {
		int fd = open("/dev/null", O_WRONLY);
		waits();
		pieces(fd, atoi(argv[3]));
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "size")) { // of a file, until it is so long
		for (int i = 0; i < 1500; i++, usleep(1000))
			if (!stat(argv[2], &st) && st.st_size >= atol(argv[3]))
				break;
		printf("size %ld\n", (long)st.st_size);
		return 0;
	}
	if (argc > 3)
		hears(argv[1], atoi(argv[2]), atoi(argv[3]));
	if (argc > 2)
		tells(argv[1], atoi(argv[2]));
	if (argc > 1) {
		struct rlimit none = {0, 0};
		setrlimit(RLIMIT_CORE, &none);
		int fd = fresh(argv[1]);
		pieces(fd, 20);
		if (!strcmp(argv[1], "killed"))
			raise(SIGKILL);
		if (!strcmp(argv[1], "terminated"))
			raise(SIGTERM);
		if (!strcmp(argv[1], "faults"))
			*(volatile int *)0 = 1;
		if (!strcmp(argv[1], "aborts"))
			abort();
		if (!strcmp(argv[1], "executes")) {
			char number[16];
			snprintf(number, sizeof number, "%d", fd);
			execl("/bin/sh", "sh", "-c", "echo more >&$0", number, NULL);
		}
		if (!strcmp(argv[1], "limited")) {
			struct rlimit l = {100000, 100000};
			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &l);
			pieces(fd, 20);
			fd = fresh(argv[1]);
			pieces(fd, 40);
		}
		_exit(3);
	}
	int fd = fresh("plain");
	pieces(fd, 20);
	waits();
	pieces(fd, 280);
	close(fd);
	sum("plain", "plain");

	fd = fresh("mixed");
	pieces(fd, 30);
	if (fstat(fd, &st))
		fail("fstat");
	printf("size %ld, at %ld\n", (long)st.st_size, (long)lseek(fd, 0, SEEK_CUR));
	pieces(fd, 30);
	lseek(fd, 1000, SEEK_SET);
	pieces(fd, 5);
	lseek(fd, 0, SEEK_END);
	pieces(fd, 5);
	pwrite(fd, "pwrite", 6, 77);
	pieces(fd, 5);
	struct iovec v[2] = {{"vec", 3}, {"tor", 3}};
	writev(fd, v, 2);
	pieces(fd, 5);
	ftruncate(fd, 40000);
	pieces(fd, 5);
	truncate("mixed", 60000);
	pieces(fd, 5);
	sum("mixed, open", "mixed");
	pieces(fd, 4);
	int other = dup(fd);
	pieces(other, 4);
	pieces(fd, 4);
	fcntl(other, F_SETFL, O_APPEND);
	lseek(fd, 0, SEEK_SET);
	pieces(fd, 4);
	sum("mixed", "mixed");
	close(fd);
	close(other);

	fd = fresh("two");
	other = fresh("twin");
	for (int i = 0; i < 30; i++) {
		pieces(fd, 3);
		pieces(other, 2);
	}
	pieces(fd, 5);
	if (rename("two", "renamed"))
		fail("rename");
	pieces(fd, 5);
	sum("two", "renamed");
	sum("twin", "twin");
	close(fd);
	close(other);

	fd = fresh("shared"); // with a child
	pieces(fd, 10);
	if (!fork()) {
		pieces(fd, 3);
		_exit(0);
	}
	wait(NULL);
	pieces(fd, 10);
	sum("shared", "shared");
	close(fd);

	fd = fresh("append"); // others write there, too
	pieces(fd, 10);
	other = open("append", O_WRONLY | O_APPEND);
	pieces(other, 3);
	pieces(fd, 10);
	sum("append", "append");
	close(fd);
	close(other);

	fd = fresh("watched"); // by one who only looks
	pid_t child = fork();
	if (!child) {
		execl(self, self, "size", "watched", "81863", NULL);
		_exit(9);
	}
	pieces(fd, 20);
	spin(3);
	waitpid(child, NULL, 0);
	close(fd);

	fd = fresh("lines"); // so that a credit ends by the time it takes, not by its size
	for (int i = 0; i < 60000; i++) {
		char line[16];
		if (write(fd, line, snprintf(line, sizeof line, "%d\n", i)) < 2)
			fail("write");
	}
	close(fd);
	sum("lines", "lines");

	renumbered(10);
	nothing();

	fd = fresh("inside"); // over what is there, as assemblers and linkers do, and into a hole
	pieces(fd, 20);
	lseek(fd, 4096, SEEK_SET);
	pieces(fd, 8);
	char back[8192];
	lseek(fd, -5000, SEEK_CUR);
	printf("read back: %zd %.9s\n", read(fd, back, sizeof back), back);
	pieces(fd, 8);
	lseek(fd, 3 << 20, SEEK_SET);
	pieces(fd, 4);
	lseek(fd, 1 << 20, SEEK_SET);
	pieces(fd, 8);
	sum("inside, open", "inside");
	char *map = mmap(0, 1 << 20, PROT_READ, MAP_PRIVATE, fd, 0);
	lseek(fd, 0, SEEK_SET);
	pieces(fd, 5);
	child = fork();
	if (!child) {
		sum("a child's", "inside");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	pieces(fd, 5);
	printf("mapped: %.9s\n", map + 600000);
	munmap(map, 1 << 20);
	close(fd);
	sum("inside", "inside");

	fd = fresh("errors");
	pieces(fd, 5);
	char *edge = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(edge + 4096, 4096);
	ssize_t n = write(fd, edge + 4096, 100);
	printf("behind it: %zd %s\n", n, n < 0 ? strerror(errno) : "");
	n = write(fd, piece, 0);
	printf("nothing: %zd\n", n);
	sum("errors", "errors");
	close(fd);
	n = write(fd, piece, 10);
	printf("closed: %zd %s\n", n, n < 0 ? strerror(errno) : "");

	fd = fresh("big"); // in pieces larger than a message
	static char big[200000];
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = 'a' + i / 1000 % 26;
	static const int sizes[] = {100000, 100000, 65536, 65537, 30000, 60000, 200000, 100, 65535, 10, 200000, 5};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (write(fd, big, sizes[i]) != sizes[i])
			fail("big");
	sum("big", "big");
	close(fd);

	fd = fresh("reread"); // by another descriptor of one's own
	pieces(fd, 3);
	other = open("reread", O_RDONLY);
	pieces(fd, 1);
	printf("read again: %zd\n", read(other, big, sizeof big));
	pieces(fd, 3);
	printf("and more: %zd\n", read(other, big, sizeof big));
	close(other);
	close(fd);

	fills();
	told("lowered");
	told("slain");
	ends("killed");
	ends("terminated");
	ends("faults");
	ends("aborts");
	ends("executes");
	ends("limited");
	ends("exits");

	fd = open("small/full", O_WRONLY | O_CREAT, 0644); // a file system of 64 KiB
	if (fd >= 0) {
		pieces(fd, 40);
		close(fd);
		sum("full", "small/full");
	}
	return 0;
}
