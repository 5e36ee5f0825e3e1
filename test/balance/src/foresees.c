// Asks what programs ask when they begin, and says what it was told. What it asks of changes meanwhile, by its own
// doing and by that of a helper, which it hears of or not.
//
//	foresees helper         obeys by the fifos "orders" and "done"
//	foresees RUN            is run again and again; the run's number makes names that differ
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct order {
	int pid, what, value;
};

static void must(int ok, const char *what) {
	if (ok) return;
	perror(what);
	exit(1);
}

static int helper(void) {
	struct order o;
	int in = open("orders", O_RDWR), out = open("done", O_RDWR);
	must(in >= 0 && out >= 0, "fifo");
	while (read(in, &o, sizeof o) == sizeof o) {
		struct rlimit l = {o.value, RLIM_INFINITY};
		if (o.what == 'q') return 0;
		if (o.what == 's') { // what the program hears of by a signal alone
			must(write(out, &o, sizeof o) == sizeof o, "answer");
			usleep(3000);
		}
		must(!prlimit(o.pid, RLIMIT_CORE, &l, 0), "prlimit");
		must(!truncate("other", o.value), "truncate");
		if (o.what == 's') must(!kill(o.pid, SIGUSR1), "kill");
		else must(write(out, &o, sizeof o) == sizeof o, "answer");
	}
	return 1;
}

static volatile sig_atomic_t came;
static void on(int s) { came = 1; }

static int orders, done;
static void order(int what, int value) {
	struct order o = {getpid(), what, value};
	must(write(orders, &o, sizeof o) == sizeof o && read(done, &o, sizeof o) == sizeof o, "order");
}

static long core(void) {
	struct rlimit l;
	must(!getrlimit(RLIMIT_CORE, &l), "getrlimit");
	return l.rlim_cur;
}

static long size(const char *name) {
	struct stat s;
	return stat(name, &s) ? -errno : s.st_size;
}

static int term(int fd) {
	char b[64];
	return ioctl(fd, TCGETS, b) ? errno : 0;
}

static void asks(const char *when) {
	char cwd[4096], name[64];
	struct sysinfo i;
	int known = syscall(SYS_sysinfo, &i) == 0;
	must(!!getcwd(cwd, sizeof cwd), "getcwd");
	printf("%s: core %ld, %d, terminal %d, in %s, other %ld, absent %ld, dir %d", when, core(), known, term(2), strrchr(cwd, '/'), size("other"), size("absent"), access("dir", W_OK));
	snprintf(name, sizeof name, "absent.%s", when);
	printf(", %ld, again %ld\n", size(name), size("other"));
}

int main(int argc, char **argv) {
	if (argc < 2) return 2;
	if (!strcmp(argv[1], "helper")) return helper();
	int run = atoi(argv[1]);
	char name[64], b[100] = "";
	struct stat s;
	setvbuf(stdout, 0, _IOFBF, 1 << 16);
	orders = open("orders", O_RDWR), done = open("done", O_RDWR);
	must(orders >= 0 && done >= 0, "fifo");
	asks("first");
	order('c', 100 + run);
	asks("changed");
	// By a signal, which is all that it hears.
	signal(SIGUSR1, on);
	order('s', 200 + run);
	size("other"); // may be either
	while (!came) ;
	printf("signal: core %ld, other %ld\n", core(), size("other"));
	// Its own writes, some of which home does not hear of before.
	snprintf(name, sizeof name, "mine.%d", run);
	int fd = open("mine", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0, "mine");
	for (int i = 0; i < 6; i++) {
		must(write(fd, b, 100) == 100, "write");
		printf("wrote: %ld\n", size("mine"));
	}
	must(write(fd, b, 50) == 50 && write(fd, b, 50) == 50 && write(fd, b, 50) == 50, "write");
	printf("wrote: %ld\n", size("mine"));
	must(!close(fd), "close");
	// Reading shows in the time of access.
	struct timespec t[2] = {{1, 0}, {1, 0}};
	must(!utimensat(AT_FDCWD, "mine", t, 0), "utimensat");
	fd = open("mine", O_RDONLY);
	must(fd >= 0 && read(fd, b, 10) == 10 && !stat("mine", &s), "read");
	printf("read: %s\n", s.st_atim.tv_sec > 1 ? "now" : "never");
	must(!close(fd), "close");
	// What a number stands for.
	must(!close(0), "close");
	printf("number: %d", term(0));
	must(open("other", O_RDONLY) == 0, "open");
	printf(" %d", term(0));
	must(!close(0), "close");
	printf(" %d", term(0));
	must(open("other", O_RDONLY) == 0, "open");
	must(!close(0), "close");
	printf(" %d\n", term(0));
	// Another directory, and another name.
	must(!chdir("dir"), "chdir");
	char cwd[4096];
	must(!!getcwd(cwd, sizeof cwd), "getcwd");
	printf("in %s, other %ld", strrchr(cwd, '/'), size("other"));
	must(!chdir(".."), "chdir");
	printf(", then %ld", size("other"));
	must(!rename("mine", name), "rename");
	printf(", mine %ld and %ld\n", size("mine"), size(name));
	return 0;
}
