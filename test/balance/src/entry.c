// What may come before a program's first instruction: as a library (-DBEFORE) that
// does WHAT when it is loaded, and as a program that says what it finds.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef BEFORE
static void *idle(void *arg) { sleep(1); return arg; }

__attribute__((constructor)) static void before(void)
{
	const char *what = getenv("WHAT");
	pthread_t t;
	if (!what)
		return;
	unsetenv("WHAT");
	if (!strcmp(what, "sleeps"))
		sleep(3);
	else if (!strcmp(what, "thread"))
		pthread_create(&t, 0, idle, 0);
	else if (!strcmp(what, "child")) {
		siginfo_t ended;
		if (fork() == 0)
			_exit(7);
		waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
	} else if (!strcmp(what, "exec"))
		execlp("/bin/echo", "echo", "another program", (char *)0);
	else if (!strcmp(what, "exit"))
		_exit(9);
	else if (!strcmp(what, "trap"))
		raise(SIGTRAP);
}
#else
static volatile int traps;
static void trapped(int sig) { traps += sig; }

int main(int argc, char **argv)
{
	struct sigaction old;
	int status = 0, dead = waitpid(-1, &status, WNOHANG | WUNTRACED) > 0 ? WEXITSTATUS(status) : -1;
	sigaction(SIGTRAP, 0, &old);
	printf("%d arguments, %s, SIGTRAP %s, a child's %d\n", argc, argv[argc - 1], old.sa_handler == SIG_IGN ? "ignored" : old.sa_handler == SIG_DFL ? "default" : "caught", dead);
	signal(SIGTRAP, trapped);
	__asm__ volatile("int3");
	raise(SIGTRAP);
	printf("%d\n", traps);
	for (unsigned long i = 0, x = 1; i < 50000000; i++, x = x * 6364136223846793005UL + 1)
		if (i == 49999999)
			printf("%lu\n", x);
	return 3;
}
#endif
