// A read into memory that takes only some of it leaves in the pipe or socket what the kernel would leave there.
// quick
#include "zoo.h"

static char *m, sent[3 * 4096], got[3 * 4096];

// rest takes what is left, and checks that it is the end of what was sent.
static void rest(int fd, size_t left, size_t of) {
	ssize_t n = 0, all = 0;
	while (all < (ssize_t)left && (n = read(fd, got + all, sizeof got - all)) > 0) all += n;
	same(all, left);
	must(!memcmp(got, sent + of - left, left));
	fails(read(fd, got, 1), EAGAIN);
}

static void reads(int in, int out) {
	// One piece is taken as a whole or not at all.
	give(out, sent, 200);
	fails(syscall(SYS_read, in, m + 4096 - 100, 150), EFAULT);
	fails(syscall(SYS_read, in, m + 4096, 150), EFAULT);
	fails(syscall(SYS_read, in, m + 2 * 4096 - 10, 150), EFAULT); // nothing there is writable, though behind it is
	struct iovec v[] = {{m, 50}, {m + 4096, 10}, {m + 2 * 4096, 100}};
	fails(syscall(SYS_readv, in, v, 3), EFAULT);
	same(syscall(SYS_readv, in, v, 1), 50);
	must(!memcmp(m, sent, 50));
	rest(in, 150, 200);
	give(out, sent, 200);
	v[2] = (struct iovec){m + 4096, 10};
	v[1] = (struct iovec){m + 2 * 4096, 150};
	same(syscall(SYS_readv, in, v, 3), 200);
	must(!memcmp(m, sent, 50) && !memcmp(m + 2 * 4096, sent + 50, 150));
	rest(in, 0, 200);
}

int main(void) {
	m = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED && !mprotect(m + 4096, 4096, PROT_READ) && !munmap(m + 3 * 4096, 4096));
	for (size_t i = 0; i < sizeof sent; i++) sent[i] = i * 7 + i / 256;
	int p[2], s[2], d[2], zero = open("/dev/zero", O_RDONLY);
	must(!pipe2(p, O_NONBLOCK) && zero >= 0);
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) && !socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, d));
	ready();
	while (more()) {
		reads(p[0], p[1]);
		reads(s[0], s[1]);
		// Of several pieces in a pipe, those that fit.
		give(p[1], sent, 100), give(p[1], sent + 100, 4096);
		same(read(p[0], got, 50), 50);
		give(p[1], sent + 4196, 4096);
		ssize_t n = syscall(SYS_read, p[0], m, 4096 + 4096);
		same(n, 50);
		must(!memcmp(m, sent + 50, n));
		rest(p[0], 8192, 8292);
		// A datagram is gone.
		give(d[1], sent, 200), give(d[1], sent, 300);
		fails(syscall(SYS_recvfrom, d[0], m + 4096 - 100, 200, 0, 0, 0), EFAULT);
		same(recv(d[0], got, sizeof got, 0), 300);
		struct iovec v = {m + 4096 - 100, 200};
		struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1};
		give(s[1], sent, 200);
		fails(recvmsg(s[0], &h, 0), EFAULT);
		rest(s[0], 200, 200);
		same(syscall(SYS_read, zero, m + 2 * 4096 + 96, 8000), 4000);
		same(syscall(SYS_pread64, zero, m + 4096 - 6, 100, 0), 6);
		// What cannot be told of is not made.
		int next = dup(0);
		close(next);
		fails(syscall(SYS_pipe2, m + 4096 - 4, 0), EFAULT);
		fails(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, m + 3 * 4096), EFAULT);
		same(dup(0), next);
		close(next);
	}
	return ok();
}
