// A process one of whose threads sleeps until CPU time has been used is refused when it stands still already, and its other threads' waits know nothing of that.
// expect: refused cannot-move
// quick
#include "zoo.h"
static void *sleeper(void *arg) {
	for (;;) clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &(struct timespec){1000, 0}, 0);
}
static void *poller(void *arg) {
	int ep = epoll_create1(0);
	struct epoll_event e;
	for (;;) same(epoll_wait(ep, &e, 1, 40), 0);
}
static void *receiver(void *arg) {
	int s[2];
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(!setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 40000}, sizeof(struct timeval)));
	for (char c;;) fails(recv(s[0], &c, 1, 0), EAGAIN);
}
int main(void) {
	thread(sleeper, 0), thread(poller, 0), thread(receiver, 0);
	sigset_t usr;
	sigemptyset(&usr), sigaddset(&usr, SIGUSR1);
	must(!pthread_sigmask(SIG_BLOCK, &usr, 0));
	ready();
	while (more()) fails(sigtimedwait(&usr, 0, &(struct timespec){0, 40000000}), EAGAIN);
	return ok();
}
