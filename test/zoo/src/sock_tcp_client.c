// A TCP client away: connect, half-close, socket options and addresses, timeouts, refused connections.
#include "zoo.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
int main(void) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, b;
	socklen_t l = sizeof a;
	int s = socket(AF_INET, SOCK_STREAM, 0);
	must(s >= 0 && !bind(s, (void *)&a, sizeof a) && !listen(s, 16) && !getsockname(s, (void *)&a, &l));
	pid_t c = child();
	if (c == 0) { // sums what each client sends until it half-closes
		for (;;) {
			int k = accept(s, 0, 0);
			must(k >= 0);
			unsigned char buf[1000];
			uint64_t sum = 0;
			ssize_t n, whole = 0;
			while ((n = read(k, buf, sizeof buf)) > 0) {
				whole += n;
				while (n) sum += buf[--n];
			}
			if (whole == 0) _exit(0);
			give(k, &sum, sizeof sum);
			close(k);
		}
	}
	close(s);
	ready();
	for (int lap = 0; more(); lap++) {
		int k = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		struct timeval tv = {10, 0}, got;
		must(k >= 0 && !setsockopt(k, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
		l = sizeof got;
		must(!getsockopt(k, SOL_SOCKET, SO_RCVTIMEO, &got, &l));
		same(got.tv_sec, 10);
		must(!connect(k, (void *)&a, sizeof a));
		l = sizeof b;
		must(!getpeername(k, (void *)&b, &l));
		same(b.sin_port, a.sin_port);
		unsigned char buf[5000];
		uint64_t sum = 0, answer;
		for (int i = 0; i < 5000; i++) sum += buf[i] = i * lap;
		struct iovec v[2] = {{buf, 1234}, {buf + 1234, 5000 - 1234}};
		struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
		same(sendmsg(k, &m, 0), 5000);
		must(!shutdown(k, SHUT_WR));
		fails(send(k, "x", 1, MSG_NOSIGNAL), EPIPE);
		must(take(k, &answer, sizeof answer));
		same(answer, sum);
		same(recv(k, buf, 1, 0), 0);
		close(k);
		int none = socket(AF_INET, SOCK_STREAM, 0);
		must(!bind(none, (void *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, sizeof b));
		l = sizeof b;
		must(!getsockname(none, (void *)&b, &l));
		k = socket(AF_INET, SOCK_STREAM, 0);
		fails(connect(k, (void *)&b, sizeof b), ECONNREFUSED);
		close(k), close(none);
	}
	int k = socket(AF_INET, SOCK_STREAM, 0);
	must(!connect(k, (void *)&a, sizeof a));
	close(k);
	exits(c, 0);
	return ok();
}
