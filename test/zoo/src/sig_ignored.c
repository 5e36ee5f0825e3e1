// A signal that is ignored, or does nothing by default, ends no wait, and does not make one last longer.
// quick
#include "zoo.h"
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/socket.h>
static pid_t disturber(int sig) {
	pid_t p = getpid(), c = child();
	if (c == 0) {
		for (;;) {
			nap(10);
			if (kill(p, sig)) _exit(1);
		}
	}
	return c;
}
int main(void) {
	told();
	int ep = epoll_create1(0), sv[2], sem = semget(IPC_PRIVATE, 1, 0600);
	must(ep >= 0 && sem >= 0 && !socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	struct timeval limit = {0, 60000};
	must(!setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
	struct timespec t = {0, 60000000};
	struct sembuf take_one = {0, -1, 0};
	struct epoll_event e;
	sigset_t usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	signal(SIGUSR2, SIG_IGN);
	char b;
	int signals[] = {SIGWINCH, SIGURG, SIGUSR2, SIGCHLD};
	ready();
	while (more()) {
		for (int i = 0; i < 4; i++) {
			pid_t c = disturber(signals[i]);
			double begun = now();
			same(epoll_wait(ep, &e, 1, 60), 0);
			fails(semtimedop(sem, &take_one, 1, &t), EAGAIN);
			fails(sigtimedwait(&usr1, NULL, &t), EAGAIN);
			must(now() - begun > 0.179);
			must(!kill(c, SIGKILL));
			dies(c, SIGKILL);
			// A socket's own limit, and a child that ends meanwhile.
			if ((c = child()) == 0) {
				nap(20);
				_exit(0);
			}
			fails(recv(sv[0], &b, 1, 0), EAGAIN);
			exits(c, 0);
		}
	}
	must(!semctl(sem, 0, IPC_RMID));
	return ok();
}
