// A receive that wants all (MSG_WAITALL) gets all, however it comes in and whoever stops the process meanwhile; children that end do not cut it.
#include "zoo.h"
#include <netinet/in.h>

enum { bytes = 6000, bit = 300, kinds = 3 };

static int tcp(int s[2]) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(l, (void *)&a, n) || listen(l, 1) || getsockname(l, (void *)&a, &n)) return -1;
	s[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(s[0], (void *)&a, n)) return -1;
	s[1] = accept(l, 0, 0);
	return close(l);
}

static ssize_t all(int kind, int s, char *b) {
	if (kind < 2) return recv(s, b, bytes, MSG_WAITALL);
	struct iovec v[3] = {{b, 10}, {b + 10, 0}, {b + 10, bytes - 10}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 3};
	return recvmsg(s, &m, MSG_WAITALL);
}

int main(void) {
	int s[kinds][2];
	pid_t c[kinds];
	signal(SIGCHLD, SIG_IGN);
	for (int k = 0; k < kinds; k++) {
		must(k == 1 ? !tcp(s[k]) : !socketpair(AF_UNIX, SOCK_STREAM, 0, s[k]));
		if ((c[k] = child()) == 0) {
			char b[bytes], go;
			close(s[k][0]);
			for (int i = 0; i < bytes; i++) b[i] = i * 7 + k;
			while (recv(s[k][1], &go, 1, 0) == 1)
				for (int i = 0; i < bytes; i += bit) {
					same(send(s[k][1], b + i, bit, 0), bit);
					nap(1);
					if (go == 'c' && i % 900 == 0) kill(getppid(), SIGCHLD);
				}
			_exit(0);
		}
		close(s[k][1]);
	}
	ready();
	for (int lap = 0; more(); lap++)
		for (int k = 0; k < kinds; k++) {
			char b[bytes];
			same(send(s[k][0], k < 2 && lap % 2 ? "c" : "-", 1, 0), 1);
			same(all(k, s[k][0], b), bytes);
			for (int i = 0; i < bytes; i++) must(b[i] == (char)(i * 7 + k));
		}
	return ok();
}
