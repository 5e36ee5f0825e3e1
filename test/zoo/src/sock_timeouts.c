// A wait for a socket with a time-out, for semaphores, or for events by epoll_pwait2, ends with the error that it ends with natively, and not later by the moves.
#include "zoo.h"
#include <sys/sem.h>
static const struct timespec Want = {1, 500000000};
static const struct timeval Wants = {1, 500000};
static char some[1 << 20];
static void *waits(void *arg) {
	int s[2], listens, sem, ep;
	char b;
	double start = now();
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(!setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &Wants, sizeof Wants) && !setsockopt(s[0], SOL_SOCKET, SO_SNDTIMEO, &Wants, sizeof Wants));
	switch ((long)arg) {
	case 0: fails(recv(s[0], &b, 1, 0), EAGAIN); break;
	case 1: fails(read(s[0], &b, 1), EAGAIN); break;
	case 2:
		while (send(s[0], some, sizeof some, MSG_DONTWAIT) > 0) ;
		start = now();
		fails(write(s[0], some, sizeof some), EAGAIN);
		break;
	case 3:
		while (send(s[0], some, sizeof some, MSG_DONTWAIT) > 0) ;
		start = now();
		fails(send(s[0], some, sizeof some, 0), EAGAIN);
		break;
	case 4:
		must((listens = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && !listen(listens, 1));
		must(!setsockopt(listens, SOL_SOCKET, SO_RCVTIMEO, &Wants, sizeof Wants));
		fails(accept(listens, 0, 0), EAGAIN);
		close(listens);
		break;
	case 5:
		must((sem = semget(IPC_PRIVATE, 1, 0600)) >= 0);
		fails(semtimedop(sem, &(struct sembuf){0, -1, 0}, 1, &Want), EAGAIN);
		must(!semctl(sem, 0, IPC_RMID));
		break;
	case 6:
		must((ep = epoll_create1(EPOLL_CLOEXEC)) >= 0);
		same(syscall(SYS_epoll_pwait2, ep, &(struct epoll_event){0}, 1, &Want, 0, 8), 0);
		close(ep);
	}
	must(now() - start > 1.49);
	close(s[0]), close(s[1]);
	return 0;
}
int main(void) {
	ready();
	for (int lap = 0; more(); lap++) {
		pthread_t t[7];
		for (long i = 0; i < 7; i++) t[i] = thread(waits, (void *)i);
		for (int i = 0; i < 7; i++) join(t[i]);
	}
	return ok();
}
