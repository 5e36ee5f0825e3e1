// A read into a mapping that can be written, but not all of whose pages exist, leaves what the kernel would leave; no descriptor is lost by a result that cannot be stored.
// quick
#include "zoo.h"
#include <netinet/in.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define P 4096
static char *guarded, *beyond, *constant, sent[3 * P], got[4 * P];
static int p[2], s[2], d[2], tcp[2], file, listener;

struct how { long n; int err; long left; int next; };
static struct how was[300];
static int cases, known, bad;

static int lowest(void) {
	int fd = dup(0);
	close(fd);
	return fd;
}

static void check(int line, long n, int in) {
	struct how h = {.n = n, .err = n < 0 ? errno : 0, .next = lowest()};
	if (in == file) h.left = lseek(file, 0, SEEK_CUR), lseek(file, 0, SEEK_SET);
	else if (in >= 0) for (ssize_t k; (k = recv(in, got, sizeof got, MSG_DONTWAIT)) > 0 || (k < 0 && errno == ENOTSOCK && (k = read(in, got, sizeof got)) > 0);) h.left += k;
	if (!known) was[cases] = h;
	struct how w = was[cases++];
	if (w.n != h.n || w.err != h.err || w.left != h.left || w.next != h.next) {
		dprintf(1, "case %d, line %d, descriptor %d: %ld, error %d, %ld left, next %d; at home %ld, %d, %ld, %d\n", cases - 1, line, in, h.n, h.err, h.left, h.next, w.n, w.err, w.left, w.next);
		bad = 1;
	}
}

static void reads(int in, int out, char *edge) {
	static const size_t before[] = {100, 0, 50};
	for (int i = 0; i < 3; i++) {
		if (out >= 0) give(out, sent, 300);
		check(__LINE__, syscall(SYS_read, in, edge - before[i], 200), in);
		if (out >= 0) give(out, sent, 300);
		struct iovec v[] = {{guarded, 20}, {edge - before[i], 200}};
		check(__LINE__, syscall(SYS_readv, in, v, 2), in);
		if (in == file) {
			check(__LINE__, syscall(SYS_pread64, in, edge - before[i], 200, 5L), in);
			continue;
		}
		give(out, sent, 300);
		check(__LINE__, syscall(SYS_recvfrom, in, edge - before[i], 200, 0, 0, 0), in);
		struct msghdr h = {.msg_iov = v, .msg_iovlen = 2};
		check(__LINE__, recvmsg(in, &h, MSG_DONTWAIT), in);
	}
}

static void arrives(void) {
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	int c = socket(AF_INET, SOCK_STREAM, 0);
	must(!getsockname(listener, (void *)&a, &n) && !connect(c, (void *)&a, n));
	poll(&(struct pollfd){listener, POLLIN, 0}, 1, 1000);
}

static void places(void) {
	char *edges[] = {guarded + P, beyond + P};
	for (int i = 0; i < 2; i++) {
		reads(p[0], p[1], edges[i]);
		reads(s[0], s[1], edges[i]);
		reads(d[0], d[1], edges[i]);
		reads(tcp[0], tcp[1], edges[i]);
		reads(file, -1, edges[i]);
		fails(syscall(SYS_pipe2, edges[i] - 4, 0), EFAULT);
		check(__LINE__, 0, -1);
		fails(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, edges[i]), EFAULT);
		check(__LINE__, 0, -1);
	}
	struct sockaddr_in a;
	arrives();
	check(__LINE__, syscall(SYS_accept, listener, &a, constant), -1);
	close(lowest() - 1);
	check(__LINE__, 0, -1);
	arrives();
	socklen_t n = sizeof a;
	check(__LINE__, syscall(SYS_accept, listener, constant, &n), -1);
	close(lowest() - 1);
	give(s[1], sent, 300);
	check(__LINE__, recvfrom(s[0], got, 100, 0, (void *)&a, (void *)constant), s[0]);
	// Timers and descriptors that cannot be told of are not made.
	struct sigevent e = {.sigev_notify = SIGEV_NONE};
	int id = -1, next = -1;
	must(!syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id) && !syscall(SYS_timer_delete, id));
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, constant), EFAULT);
	must(!syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &next) && !syscall(SYS_timer_delete, next));
	check(__LINE__, next - id, -1);
	fails(syscall(SYS_timer_gettime, id + 1, got), EINVAL);
	struct mmsghdr mm[2] = {{{0}, 0}};
	struct iovec v = {got, 100};
	for (int i = 0; i < 2; i++) mm[i].msg_hdr.msg_iov = &v, mm[i].msg_hdr.msg_iovlen = 1;
	memcpy(guarded + P - sizeof mm[0], mm, sizeof mm[0]);
	give(d[1], sent, 10), give(d[1], sent, 11);
	long k = syscall(SYS_recvmmsg, d[0], guarded + P - sizeof mm[0], 2, MSG_DONTWAIT, 0);
	recv(d[0], got, 0, MSG_PEEK | MSG_DONTWAIT); // takes the error that the second has left
	check(__LINE__, k, d[0]);
}

int main(void) {
	guarded = mmap(0, 3 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	constant = mmap(0, P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*constant = 16;
	must(!mprotect(constant, P, PROT_READ));
	for (size_t i = 0; i < sizeof sent; i++) sent[i] = i * 7 + i / 256;
	file = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
	give(file, sent, 300);
	beyond = mmap(0, 3 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	if (madvise(guarded + P, P, MADV_GUARD_INSTALL)) mprotect(guarded + P, P, PROT_NONE);
	must(guarded != MAP_FAILED && beyond != MAP_FAILED && !lseek(file, 0, SEEK_SET));
	must(!pipe2(p, O_NONBLOCK) && !socketpair(AF_UNIX, SOCK_STREAM, 0, s) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, d));
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	listener = socket(AF_INET, SOCK_STREAM, 0), tcp[1] = socket(AF_INET, SOCK_STREAM, 0);
	must(!bind(listener, (void *)&a, n) && !getsockname(listener, (void *)&a, &n) && !listen(listener, 5));
	must(!connect(tcp[1], (void *)&a, n) && (tcp[0] = accept(listener, 0, 0)) >= 0);
	places();
	known = 1;
	ready();
	while (more()) {
		cases = 0, places();
		must(!bad);
	}
	return ok();
}
