// A wait for a relative time that was begun before the process left home lasts as long in all as it was asked to.
#include "zoo.h"
#include <sys/sem.h>
enum { N = 9, Seconds = 5, Before = 3 };
static const struct timespec Want = {Seconds, 0};
static const struct timeval Wants = {Seconds, 0};
static const char *const names[N] = {"epoll_wait", "poll", "epoll_pwait", "epoll_pwait2", "semtimedop", "sigtimedwait", "recv", "read", "accept"};
// How long a socket's wait has lasted is forgotten at home: it is begun anew by a process that leaves once more.
static int often(long k) { return k >= 6 && !getenv("ZOO_BEGUN"); }
static void *waits(void *arg) {
	long k = (long)arg;
	int s[2], ep = epoll_create1(EPOLL_CLOEXEC), listens = socket(AF_INET, SOCK_STREAM, 0), sem = semget(IPC_PRIVATE, 1, 0600);
	struct epoll_event e;
	char b;
	sigset_t set;
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) && !listen(listens, 1));
	must(!setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &Wants, sizeof Wants) && !setsockopt(listens, SOL_SOCKET, SO_RCVTIMEO, &Wants, sizeof Wants));
	sigemptyset(&set), sigaddset(&set, SIGUSR1);
	double start = now();
	switch (k) {
	case 0: same(epoll_wait(ep, &e, 1, Seconds * 1000), 0); break;
	case 1: same(poll(&(struct pollfd){s[0], POLLIN, 0}, 1, Seconds * 1000), 0); break;
	case 2: same(epoll_pwait(ep, &e, 1, Seconds * 1000, &set), 0); break;
	case 3: same(syscall(SYS_epoll_pwait2, ep, &e, 1, &Want, 0, 8), 0); break;
	case 4: fails(semtimedop(sem, &(struct sembuf){0, -1, 0}, 1, &Want), EAGAIN); break;
	case 5: fails(sigtimedwait(&set, 0, &Want), EAGAIN); break;
	case 6: fails(recv(s[0], &b, 1, 0), EAGAIN); break;
	case 7: fails(read(s[0], &b, 1), EAGAIN); break;
	case 8: fails(accept(listens, 0, 0), EAGAIN); break;
	}
	double took = now() - start;
	if (took < Seconds - 0.002 || took > Seconds + Before - 0.5 + often(k) * Seconds) fail(__FILE__, __LINE__, "%s lasted %.3f s, not %d", names[k], took, Seconds);
	struct timeval says;
	socklen_t size = sizeof says;
	must(!getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &says, &size) && says.tv_sec == Seconds && says.tv_usec == 0);
	must(!semctl(sem, 0, IPC_RMID));
	close(s[0]), close(s[1]), close(ep), close(listens);
	return 0;
}
static int woken[2];
// The kernel goes on by itself with a poll in which the process was stopped.
static void *stopped(void *arg) {
	struct pollfd p = {woken[0], POLLIN, 0};
	same(poll(&p, 1, 20000), 1);
	same(p.revents, POLLIN);
	return 0;
}
static void *begun(void *arg) {
	nap(Before * 1000);
	ready();
	nap(1500);
	give(woken[1], "w", 1);
	return 0;
}
int main(void) {
	sigset_t set;
	sigemptyset(&set), sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, 0);
	uint64_t x = 1, *much = malloc(8 << 20);
	for (int i = 0; i < 1 << 20; i++) much[i] = random_next(&x);
	must(!pipe(woken));
	pid_t me = getpid(), c;
	pthread_t t[N], others[2] = {thread(stopped, 0)};
	nap(50);
	if ((c = child()) == 0) {
		must(!kill(me, SIGSTOP));
		nap(50);
		_exit(kill(me, SIGCONT));
	}
	exits(c, 0);
	for (long i = 1; i < N; i++) t[i] = thread(waits, (void *)i);
	others[1] = thread(begun, 0);
	waits(0);
	for (int i = 1; i < N; i++) join(t[i]);
	for (int i = 0; i < 2; i++) join(others[i]);
	while (more()) ;
	return ok();
}
