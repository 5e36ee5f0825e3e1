// A TCP server keeps its listener and its connected clients through moves, and accepts new ones while away.
// quick
#include "zoo.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
enum { Clients = 4 };
static int connect_to(struct sockaddr_in *a) {
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	must(fd >= 0 && !connect(fd, (void *)a, sizeof *a));
	return fd;
}
int main(void) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t l = sizeof a;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	must(s >= 0 && !bind(s, (void *)&a, sizeof a) && !listen(s, 16) && !getsockname(s, (void *)&a, &l));
	int go[2];
	must(!pipe(go));
	pid_t c = child();
	if (c == 0) { // the clients: lasting ones, and a short one each round
		close(s), close(go[1]);
		int fd[Clients];
		for (int i = 0; i < Clients; i++) fd[i] = connect_to(&a);
		char b[64], r[64], q;
		for (int round = 0;; round++) {
			for (int i = 0; i <= Clients; i++) {
				int k = i < Clients ? fd[i] : connect_to(&a);
				int n = snprintf(b, sizeof b, "client %d round %08d", i, round);
				give(k, b, n);
				must(take(k, r, n) && !memcmp(b, r, n));
				if (i == Clients) close(k);
			}
			if (poll(&(struct pollfd){go[0], POLLIN, 0}, 1, 0) > 0) {
				must(read(go[0], &q, 1) == 0);
				break;
			}
		}
		_exit(0);
	}
	close(go[0]);
	ready();
	struct pollfd f[64] = {{s, POLLIN, 0}};
	int n = 1, accepted = 0, stopping = 0;
	for (double end = 0; n > 1 || !accepted || !stopping;) {
		if (!stopping && told()) stopping = 1, end = now(), close(go[1]);
		must(!stopping || now() - end < 20);
		must(poll(f, n, 50) >= 0);
		if (f[0].revents & POLLIN && n < 64) {
			struct sockaddr_in peer;
			socklen_t pl = sizeof peer;
			int k = accept4(s, (void *)&peer, &pl, SOCK_CLOEXEC);
			must(k >= 0 && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
			must(!setsockopt(k, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
			f[n++] = (struct pollfd){k, POLLIN, 0}, zoo.laps = ++accepted;
		}
		for (int i = 1; i < n; i++) {
			if (!f[i].revents) continue;
			char b[256];
			ssize_t r = recv(f[i].fd, b, sizeof b, 0);
			must(r >= 0 || (stopping && errno == ECONNRESET));
			if (r > 0) give(f[i].fd, b, r);
			else close(f[i].fd), f[i--] = f[--n];
		}
	}
	exits(c, 0);
	must(accepted > Clients);
	return ok();
}
