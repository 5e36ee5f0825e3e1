// traced WHO: waits for SIGUSR1 if there is a further argument, and has itself traced: "tracer" by one that it makes itself, as
// LeakSanitizer does, "child" is a child that asks for it, as of a debugger. Ends with 0 if that worked.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int failed;
static pid_t traced;

static int tracer(void *unused) {
	(void)unused;
	if (ptrace(PTRACE_ATTACH, traced, NULL, NULL)) {
		failed = errno;
		return 0;
	}
	int s;
	if (waitpid(traced, &s, __WALL) != traced || !WIFSTOPPED(s)) failed = -1;
	if (ptrace(PTRACE_DETACH, traced, NULL, NULL)) failed = errno;
	return 0;
}

int main(int argc, char **argv) {
	enum { held = 40 << 20 };
	memset(malloc(held), 1, held); // some of which would follow it home
	sigset_t usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	int got;
	if (argc > 2) sigwait(&usr1, &got);
	int s;
	if (!strcmp(argv[1], "tracer")) {
		char *stack = malloc(1 << 16);
		traced = getpid();
		pid_t c = clone(tracer, stack + (1 << 16), CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, NULL);
		if (c < 0 || waitpid(c, &s, __WALL) != c) return 3;
		if (failed) fprintf(stderr, "cannot be traced: %s\n", strerror(failed));
		return failed != 0;
	}
	pid_t c = fork();
	if (c == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) _exit(1);
		raise(SIGSTOP);
		_exit(7);
	}
	if (waitpid(c, &s, 0) != c || !WIFSTOPPED(s)) return 4; // it is traced: else a stop is not told
	if (ptrace(PTRACE_CONT, c, NULL, NULL)) return 5;
	return waitpid(c, &s, 0) == c && WIFEXITED(s) && WEXITSTATUS(s) == 7 ? 0 : 6;
}
