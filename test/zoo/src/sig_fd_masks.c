// Signals of a signalfd: unblocked they run their handler at once, in whichever way they are unblocked; sigpending and sigtimedwait see them too.
#include "zoo.h"
static volatile int hits;
static void on(int s, siginfo_t *i, void *u) { hits++; }
static int fd;
static void *reader(void *arg) {
	struct signalfd_siginfo i;
	same(read(fd, &i, sizeof i), sizeof i);
	return (void *)(long)i.ssi_int;
}
int main(void) {
	sigset_t b, none, p;
	sigemptyset(&none), sigemptyset(&b), sigaddset(&b, SIGUSR1), sigaddset(&b, SIGRTMIN + 3);
	handle(SIGUSR1, on, SA_RESTART), handle(SIGRTMIN + 3, on, SA_RESTART);
	must(!sigprocmask(SIG_BLOCK, &b, 0));
	must((fd = signalfd(-1, &b, SFD_CLOEXEC)) >= 0);
	int ep = epoll_create1(EPOLL_CLOEXEC);
	must(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){EPOLLIN, {0}}));
	ready();
	pid_t me = getpid();
	for (int n = 1; more(); n++) {
		hits = 0;
		must(!kill(me, SIGUSR1) && !sigpending(&p));
		must(sigismember(&p, SIGUSR1) && !sigismember(&p, SIGRTMIN + 3));
		must(!sigprocmask(SIG_UNBLOCK, &b, 0)); // delivered before it returns
		same(hits, 1);
		must(!kill(me, SIGUSR1)); // unblocked: it runs its handler
		same(hits, 2);
		must(!sigprocmask(SIG_BLOCK, &b, 0));
		must(!kill(me, SIGUSR1));
		fails(sigsuspend(&none), EINTR);
		same(hits, 3);
		must(!kill(me, SIGUSR1));
		fails(ppoll(0, 0, &(struct timespec){15, 0}, &none), EINTR);
		same(hits, 4);
		struct epoll_event e;
		same(epoll_wait(ep, &e, 1, 0), 0);
		must(!sigqueue(me, SIGRTMIN + 3, (union sigval){n}));
		siginfo_t i;
		same(sigtimedwait(&b, &i, &(struct timespec){15, 0}), SIGRTMIN + 3);
		same(i.si_value.sival_int, n);
		fails(sigtimedwait(&b, &i, &(struct timespec){0, 0}), EAGAIN);
		pthread_t t = thread(reader, 0);
		pid_t c = child();
		if (c == 0) nap(3), sigqueue(me, SIGRTMIN + 3, (union sigval){n + 1}), _exit(0);
		same(join(t), n + 1);
		exits(c, 0);
		c = child();
		if (c == 0) { // the child reads its own
			must(!sigqueue(getpid(), SIGRTMIN + 3, (union sigval){n + 2}));
			_exit(reader(0) == (void *)(long)(n + 2) ? 3 : 4);
		}
		exits(c, 3);
		must(!pthread_kill(pthread_self(), SIGUSR1)); // to the thread alone
		same(epoll_wait(ep, &e, 1, 15000), 1);
		struct signalfd_siginfo s;
		same(read(fd, &s, sizeof s), sizeof s);
		same(s.ssi_signo, SIGUSR1);
		same(hits, 4);
	}
	return ok();
}
