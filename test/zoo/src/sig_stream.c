// Real-time signals with values, sent by another process as fast as the queue takes them: each comes once and in order, to a handler, to sigwaitinfo and to a signalfd.
#include "zoo.h"
enum { Handled, Awaited, Read, Kinds };
static volatile int handled;
static volatile struct { int count, due, came, from, code; } wrong;
static pid_t sender[Kinds];
static volatile int stop;
static int got[Kinds];
static void on(int s, siginfo_t *i, void *u) {
	if ((i->si_value.sival_int != handled || i->si_pid != sender[Handled] || i->si_code != SI_QUEUE) && !wrong.count++)
		wrong.due = handled, wrong.came = i->si_value.sival_int, wrong.from = i->si_pid, wrong.code = i->si_code;
	handled++;
}
// send queues n signals, with a pause when the queue is full.
static void send_all(pid_t to, int sig, int *from, int until) {
	while (*from < until)
		if (sigqueue(to, sig, (union sigval){*from}) == 0) {
			++*from;
		} else {
			same(errno, EAGAIN);
			nap(1);
		}
}
static void *awaits(void *arg) {
	sigset_t set;
	sigemptyset(&set), sigaddset(&set, SIGRTMIN + 5), sigaddset(&set, SIGUSR2);
	siginfo_t i;
	for (int s; (s = sigtimedwait(&set, &i, &(struct timespec){20, 0})) != SIGUSR2; got[Awaited]++) {
		if (s == -1 && errno == EINTR) { got[Awaited]--; continue; }
		same(s, SIGRTMIN + 5);
		same(i.si_value.sival_int, got[Awaited]);
		same(i.si_pid, sender[Awaited]);
	}
	return 0;
}
static int fd;
static void *reads(void *arg) {
	struct signalfd_siginfo i[8];
	for (;;) {
		ssize_t n = read(fd, i, sizeof i);
		if (n == -1 && errno == EINTR) continue;
		must(n > 0);
		for (size_t k = 0; k < n / sizeof *i; k++, got[Read]++) {
			if (i[k].ssi_signo == SIGUSR1) return 0;
			same(i[k].ssi_signo, SIGRTMIN + 6);
			same(i[k].ssi_int, got[Read]);
			same(i[k].ssi_pid, sender[Read]);
		}
	}
}
static void none_wrong(void) {
	if (wrong.count)
		fail(__FILE__, __LINE__, "signal %d came when %d was due, from %d, code %d; %d of %d wrong", wrong.came, wrong.due, wrong.from, wrong.code, wrong.count, handled);
}
int main(void) {
	sigset_t all, fds;
	sigemptyset(&fds), sigaddset(&fds, SIGRTMIN + 6), sigaddset(&fds, SIGUSR1);
	all = fds;
	sigaddset(&all, SIGRTMIN + 4), sigaddset(&all, SIGRTMIN + 5), sigaddset(&all, SIGUSR2);
	must(!sigprocmask(SIG_BLOCK, &all, 0));
	handle(SIGRTMIN + 4, on, SA_RESTART);
	must((fd = signalfd(-1, &fds, SFD_CLOEXEC)) >= 0);
	int end[2], count[2], go[2];
	must(!pipe(end) && !pipe(count) && !pipe(go));
	pid_t me = getpid();
	for (int k = 0; k < Kinds; k++) {
		sender[k] = child();
		if (sender[k]) continue;
		close(end[1]);
		int n = 0;
		char b;
		must(take(go[0], &b, 1));
		while (n < 3000 && poll(&(struct pollfd){end[0], POLLIN, 0}, 1, 0) == 0) {
			send_all(me, SIGRTMIN + 4 + k, &n, n + 10);
			nap(3);
		}
		give(count[1], &(int[]){k, n}, 2 * sizeof(int));
		for (;;) pause();
	}
	close(end[0]);
	pthread_t t[2] = {thread(awaits, 0), thread(reads, 0)};
	sigset_t one;
	sigemptyset(&one), sigaddset(&one, SIGRTMIN + 4);
	must(!sigprocmask(SIG_UNBLOCK, &one, 0));
	give(go[1], "ggg", 3);
	ready();
	while (more()) none_wrong();
	close(end[1]);
	int sent[Kinds], pair[2];
	for (int k = 0; k < Kinds; k++) {
		must(take(count[0], pair, sizeof pair));
		sent[pair[0]] = pair[1];
	}
	for (double s = now(); handled < sent[Handled]; nap(1))
		if (now() - s > 15) fail(__FILE__, __LINE__, "handled %d of %d, %d wrong from %d on (%d)", handled, sent[Handled], wrong.count, wrong.due, wrong.came);
	nap(5);
	same(handled, sent[Handled]);
	none_wrong();
	// These are taken after all that was sent before: the lower number would be first, so they come when the others are through.
	for (double s = now(); *(volatile int *)&got[Awaited] < sent[Awaited] || *(volatile int *)&got[Read] < sent[Read]; nap(1))
		if (now() - s > 15) fail(__FILE__, __LINE__, "awaited %d of %d, read %d of %d", got[Awaited], sent[Awaited], got[Read], sent[Read]);
	must(!kill(me, SIGUSR2) && !kill(me, SIGUSR1));
	join(t[0]), join(t[1]);
	same(got[Awaited], sent[Awaited]);
	same(got[Read], sent[Read]);
	for (int k = 0; k < Kinds; k++) {
		must(!kill(sender[k], SIGKILL));
		dies(sender[k], SIGKILL);
	}
	return ok();
}
