/* work WAY GO N: says "ready PID", waits until the file GO is there, and does
 *   burn   N million rounds of arithmetic, and says what came of it;
 *   bomb   starts up to N processes that live until it ends, and says how many
 *          there were and why there were no more;
 *   pidfds is bomb whose processes come with a descriptor each, while a thread looks at
 *          what ends;
 *   crowd  is bomb whose processes live until the file GO is gone;
 *   threads  starts up to N threads likewise; it says "over" at its end, as bomb does;
 *   gang   is threads that live until the file GO is gone;
 *   hog    uses N MiB of memory, and says so if it lives. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void burn(long n)
{
	unsigned long x = 1;
	for (long i = 0; i < n * 1000000; i++)
		x = x * 6364136223846793005UL + i;
	printf("result %lu\n", x);
}

static pid_t with_pidfd(int *fd)
{
	struct clone_args a = { .flags = CLONE_PIDFD, .pidfd = (unsigned long)fd, .exit_signal = SIGCHLD };
	return syscall(SYS_clone3, &a, sizeof a);
}

static volatile int childless, ended_early, signalled;
static void *looks(void *none)
{
	siginfo_t info;
	while (!childless)
		if (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid)
			ended_early = info.si_pid;
	return none;
}

static void child_ends(int sig)
{
	signalled = sig;
}

static void bomb(long n, const char *until, int pidfds)
{
	int hold[2];
	if (pipe(hold))
		exit(1);
	long made = 0, ended = 0;
	int why = 0;
	pthread_t looker;
	if (pidfds) {
		signal(SIGCHLD, child_ends);
		if (pthread_create(&looker, NULL, looks, NULL))
			exit(1);
	}
	for (; made < n; made++) {
		int fd, lowest = dup(hold[0]);
		close(lowest);
		pid_t p = pidfds ? with_pidfd(&fd) : fork();
		if (p < 0) {
			why = errno;
			break;
		}
		if (p == 0) {
			char c;
			close(hold[1]);
			while (read(hold[0], &c, 1) < 0 && errno == EINTR)
				;
			_exit(0);
		}
		if (pidfds && fd != lowest)
			printf("the descriptor is %d instead of %d\n", fd, lowest);
	}
	if (pidfds) {
		childless = 1;
		pthread_join(looker, NULL);
		if (ended_early || signalled)
			printf("a child has ended: %d, and signal %d came\n", ended_early, signalled);
		signal(SIGCHLD, SIG_DFL);
	}
	printf("made %ld: %s\n", made, strerror(why));
	fflush(stdout);
	while (until && !access(until, F_OK))
		usleep(20000);
	close(hold[1]);
	for (int status; wait(&status) > 0; ended++)
		if (status)
			printf("a child ends with %#x\n", status);
	if (ended != made)
		printf("%ld have ended\n", ended);
	printf("over\n");
}

static void hog(long n)
{
	for (long i = 0; i < n; i++) {
		char *p = malloc(1 << 20);
		if (!p)
			break;
		memset(p, (int)i + 1, 1 << 20);
	}
	printf("lives\n");
}

static int letgo[2];
static void *waits(void *none)
{
	char c;
	while (read(letgo[0], &c, 1) < 0 && errno == EINTR)
		;
	return none;
}

static void threads(long n, const char *until)
{
	pthread_t *all = calloc(n, sizeof *all);
	pthread_attr_t small;
	if (!all || pipe(letgo) || pthread_attr_init(&small) || pthread_attr_setstacksize(&small, 65536))
		exit(1);
	long made = 0;
	int why = 0;
	while (made < n && !(why = pthread_create(&all[made], &small, waits, NULL)))
		made++;
	printf("made %ld: %s\n", made, strerror(why));
	fflush(stdout);
	while (until && !access(until, F_OK))
		usleep(20000);
	close(letgo[1]);
	while (made > 0)
		pthread_join(all[--made], NULL);
	printf("over\n");
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	printf("ready %d\n", getpid());
	fflush(stdout);
	while (access(argv[2], F_OK))
		usleep(20000);
	long n = atol(argv[3]);
	if (!strcmp(argv[1], "burn"))
		burn(n);
	else if (!strcmp(argv[1], "bomb"))
		bomb(n, NULL, 0);
	else if (!strcmp(argv[1], "pidfds"))
		bomb(n, NULL, 1);
	else if (!strcmp(argv[1], "crowd"))
		bomb(n, argv[2], 0);
	else if (!strcmp(argv[1], "threads"))
		threads(n, NULL);
	else if (!strcmp(argv[1], "gang"))
		threads(n, argv[2]);
	else
		hog(n);
	return 0;
}
