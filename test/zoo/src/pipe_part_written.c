// A write from memory of which only the beginning can be read takes of it what the kernel takes: by files, pipes, sockets, devices.
// quick
#include "zoo.h"
#include <netinet/in.h>

#define P 4096
static char *m, *none, got[4 * P];
static int file, added, p[2], s[2], d[2], tcp[2], udp[2], event, null, in_order[2];

// What is written where, and what came of it at home, before the program was moved.
struct how {
	ssize_t n;
	int err;
	off_t size, at;
	unsigned sum;
};
static struct how was[200];
static int cases, known;

static unsigned sum(const char *b, size_t n) {
	unsigned x = 1;
	while (n--) x = x * 31 + (unsigned char)*b++;
	return x;
}

static void emptied(int fd, struct how *h) {
	for (ssize_t n; (n = recv(fd, got, sizeof got, MSG_DONTWAIT)) > 0 || (n < 0 && errno == ENOTSOCK && (n = read(fd, got, sizeof got)) > 0);)
		h->sum = h->sum * 7 + sum(got, n) + (h->size ? 0 : 1), h->size += n;
}

static void check(int out, ssize_t n, int in) {
	struct how h = {.n = n, .err = n < 0 ? errno : 0, .at = lseek(out, 0, SEEK_CUR)};
	struct stat st;
	if (in >= 0) {
		if (n > 0) nap(1); // of TCP it may be on its way
		emptied(in, &h);
	} else if (!fstat(out, &st) && S_ISREG(st.st_mode)) {
		h.size = st.st_size;
		same(pread(out, got, sizeof got, 0), h.size);
		h.sum = sum(got, h.size);
		must(!ftruncate(out, 0) && !lseek(out, 0, SEEK_SET));
	}
	must(cases < 200);
	if (!known) was[cases] = h;
	struct how w = was[cases++];
	if (w.n != h.n || w.err != h.err || w.size != h.size || w.at != h.at || w.sum != h.sum)
		fail(__FILE__, __LINE__, "case %d, descriptor %d: %zd, error %d, %ld bytes, at %ld, sum %x; at home %zd, %d, %ld, %ld, %x",
			cases - 1, out, h.n, h.err, (long)h.size, (long)h.at, h.sum, w.n, w.err, (long)w.size, (long)w.at, w.sum);
}

static void writes(int out, int in) {
	static const struct { size_t before, n; } parts[] = {{100, 150}, {P, P + 1}, {P + 10, 2 * P}, {2 * P + 5, 3 * P}, {0, 50}, {1, 1 << 20}, {3, 8}};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		check(out, syscall(SYS_write, out, m + 3 * P - parts[i].before, parts[i].n), in);
	check(out, syscall(SYS_write, out, none - 20, 40), in);
	struct iovec v[] = {{m, 50}, {m + 3 * P - 100, 200}, {m, 10}};
	check(out, syscall(SYS_writev, out, v, 3), in);
	struct iovec w[] = {{m + 1, P}, {none, 10}, {m, P}};
	check(out, syscall(SYS_writev, out, w, 3), in);
	struct iovec x[] = {{m, 50}, {0, 0}, {none + P - 1, 2}};
	check(out, syscall(SYS_writev, out, x, 3), in);
	struct iovec y[] = {{none, 50}, {m, 10}};
	check(out, syscall(SYS_writev, out, y, 2), in);
}

static void sends(int out, int in) {
	check(out, syscall(SYS_sendto, out, m + 3 * P - 100, 150, 0, 0, 0), in);
	check(out, syscall(SYS_sendto, out, m + P, 2 * P + 1, 0, 0, 0), in);
	struct iovec v[] = {{m, 50}, {m + 3 * P - 100, 200}}, good = {m, 20};
	struct msghdr h = {.msg_iov = v, .msg_iovlen = 2};
	check(out, syscall(SYS_sendmsg, out, &h, 0), in);
	struct mmsghdr both[] = {{{.msg_iov = &good, .msg_iovlen = 1}}, {h}, {{.msg_iov = &good, .msg_iovlen = 1}}};
	check(out, syscall(SYS_sendmmsg, out, both, 3, 0), in);
}

static void places(void) {
	int files[] = {file, added};
	for (int i = 0; i < 2; i++) {
		int f = files[i];
		writes(f, -1);
		give(f, m, 10);
		check(f, syscall(SYS_pwrite64, f, m + 3 * P - 100, 200, 5L), -1);
		struct iovec v[] = {{m, 50}, {m + 3 * P - 100, 200}};
		check(f, syscall(SYS_pwritev, f, v, 2, 2000L, 0L), -1);
		check(f, syscall(SYS_pwritev2, f, v, 2, -1L, -1L, 0), -1);
	}
	writes(p[1], p[0]);
	give(p[1], m, 10); // what comes next may be put to it
	check(p[1], syscall(SYS_write, p[1], m + 3 * P - 100, 150), p[0]);
	writes(s[1], s[0]), sends(s[1], s[0]);
	writes(in_order[1], in_order[0]), sends(in_order[1], in_order[0]);
	writes(d[1], d[0]), sends(d[1], d[0]);
	writes(tcp[1], tcp[0]), sends(tcp[1], tcp[0]);
	writes(udp[1], udp[0]), sends(udp[1], udp[0]);
	writes(null, -1);
	check(event, syscall(SYS_write, event, m + 3 * P - 7, 8), -1);
}

static void connected(int type, int *two) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int l = socket(AF_INET, type, 0);
	must(l >= 0 && !bind(l, (void *)&a, n) && !getsockname(l, (void *)&a, &n));
	two[1] = socket(AF_INET, type, 0);
	if (type == SOCK_DGRAM) {
		two[0] = l;
		must(!connect(two[1], (void *)&a, n));
		return;
	}
	must(!listen(l, 1) && !connect(two[1], (void *)&a, n) && (two[0] = accept(l, 0, 0)) >= 0);
	close(l);
}

int main(void) {
	m = mmap(0, 6 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED && !munmap(m + 3 * P, P) && !mprotect(m + 5 * P, P, PROT_NONE));
	none = m + 5 * P;
	for (int i = 0; i < 3 * P; i++) m[i] = i * 7 + i / 256;
	for (int i = 4 * P; i < 5 * P; i++) m[i] = i * 5;
	file = open("part", O_RDWR | O_CREAT | O_TRUNC, 0600);
	added = open("added", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	null = open("/dev/null", O_WRONLY), event = eventfd(0, EFD_NONBLOCK);
	must(file >= 0 && added >= 0 && null >= 0 && event >= 0 && !pipe2(p, O_NONBLOCK));
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s) && !socketpair(AF_UNIX, SOCK_DGRAM, 0, d) && !socketpair(AF_UNIX, SOCK_SEQPACKET, 0, in_order));
	connected(SOCK_STREAM, tcp), connected(SOCK_DGRAM, udp);
	places();
	known = 1;
	same(was[0].n, 100);
	ready();
	while (more()) cases = 0, places();
	return ok();
}
