// Datagrams with their addresses, many messages per call, timeouts, truncation.
#include "zoo.h"
#include <arpa/inet.h>
int main(void) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, b, from;
	socklen_t l = sizeof a;
	int s = socket(AF_INET, SOCK_DGRAM, 0), k = socket(AF_INET, SOCK_DGRAM, 0);
	must(s >= 0 && k >= 0 && !bind(s, (void *)&a, sizeof a) && !getsockname(s, (void *)&a, &l));
	must(!bind(k, (void *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, sizeof b));
	l = sizeof b;
	must(!getsockname(k, (void *)&b, &l));
	ready();
	while (more()) {
		struct mmsghdr m[5] = {0};
		struct iovec v[5];
		char t[5][20], r[5][20];
		for (int i = 0; i < 5; i++) {
			v[i] = (struct iovec){t[i], snprintf(t[i], 20, "datagram %d", i)};
			m[i].msg_hdr = (struct msghdr){&a, sizeof a, &v[i], 1};
		}
		same(sendmmsg(k, m, 5, 0), 5);
		for (int i = 0; i < 5; i++) {
			v[i] = (struct iovec){r[i], i == 4 ? 4 : 20};
			m[i].msg_hdr = (struct msghdr){0, 0, &v[i], 1};
		}
		l = sizeof from;
		same(recvfrom(s, r[0], 20, 0, (void *)&from, &l), 10);
		same(from.sin_port, b.sin_port);
		same(l, sizeof from);
		same(recvmmsg(s, m + 1, 4, 0, 0), 4);
		for (int i = 0; i < 5; i++) must(!memcmp(t[i], r[i], i == 4 ? 4 : 10));
		must(m[4].msg_hdr.msg_flags & MSG_TRUNC);
		must(!(m[3].msg_hdr.msg_flags & MSG_TRUNC));
		fails(recv(s, r, 1, MSG_DONTWAIT), EAGAIN);
		same(sendto(s, "", 0, 0, (void *)&b, sizeof b), 0);
		same(recv(k, r, 20, 0), 0);
	}
	return ok();
}
