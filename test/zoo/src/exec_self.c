// execve while away: arguments, environment, descriptors, working directory, masks, ignored and pending signals are kept; handlers and close-on-exec files are not.
// expect: comes-home
// quick
#include "zoo.h"
static void on(int s) {}
// queued checks the signals that were pending before the execve: with all they say, in order.
static void queued(int lap) {
	sigset_t both;
	siginfo_t i;
	sigemptyset(&both), sigaddset(&both, SIGRTMIN + 1), sigaddset(&both, SIGWINCH);
	for (int n = 0; n < 3; n++) {
		const struct timespec none = {0, 0};
		same(sigtimedwait(&both, &i, &none), n ? SIGRTMIN + 1 : SIGWINCH);
		same(i.si_pid, getpid());
		same(i.si_code, n ? SI_QUEUE : SI_USER); // the C library makes SI_TKILL that
		if (n) same(i.si_value.sival_int, 10 * lap + n);
	}
	fails(sigtimedwait(&both, &i, &(const struct timespec){0, 0}), EAGAIN);
}
int main(int argc, char **argv) {
	sigset_t set, old;
	sigemptyset(&set), sigaddset(&set, SIGUSR1);
	struct sigaction a;
	int laps = argc > 1 ? atoi(argv[1]) : 0;
	if (laps) {
		same(argc, 6);
		same(getpid(), atoi(argv[2]));
		must(!strcmp(argv[3], "") && !strcmp(argv[4], "with \"blanks\" and\nlines"));
		same(strlen(argv[5]), 100000);
		must(!strcmp(getenv("ZOO_LAP"), argv[1]));
		sigprocmask(SIG_BLOCK, 0, &old);
		must(sigismember(&old, SIGUSR1));
		queued(laps);
		sigaction(SIGUSR2, 0, &a);
		must(a.sa_handler == SIG_DFL);
		sigaction(SIGHUP, 0, &a);
		must(a.sa_handler == SIG_IGN);
		fails(fcntl(101, F_GETFD), EBADF);
		same(lseek(100, 0, SEEK_CUR), laps);
		struct stat s1, s2;
		must(!stat(".", &s1) && !fstat(102, &s2) && s1.st_ino == s2.st_ino);
	} else {
		ready();
		int fd = open("execed", O_RDWR | O_CREAT | O_TRUNC, 0600);
		must(dup2(fd, 100) == 100 && dup2(open(".", O_RDONLY), 102) == 102);
	}
	must(dup3(100, 101, O_CLOEXEC) == 101);
	sigprocmask(SIG_BLOCK, &set, 0);
	signal(SIGUSR2, on), signal(SIGHUP, SIG_IGN);
	give(100, "x", 1);
	zoo.laps = laps;
	int again = laps < 4 || !told();
	nap(40);
	if (!again) return ok();
	char n[32], me[32], *big = malloc(100001);
	memset(big, 'b', 100000), big[100000] = 0;
	snprintf(n, sizeof n, "%d", laps + 1), snprintf(me, sizeof me, "%d", getpid());
	setenv("ZOO_LAP", n, 1);
	sigaddset(&set, SIGRTMIN + 1), sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, 0);
	must(!raise(SIGWINCH));
	for (int k = 1; k < 3; k++) must(!sigqueue(getpid(), SIGRTMIN + 1, (union sigval){10 * (laps + 1) + k}));
	fails(execv("/proc/self/no such program", (char *[]){argv[0], NULL}), ENOENT);
	execv("/proc/self/exe", (char *[]){argv[0], n, me, "", "with \"blanks\" and\nlines", big, NULL});
	fail(__FILE__, __LINE__, "execv failed");
}
