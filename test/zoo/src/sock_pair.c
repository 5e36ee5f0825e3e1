// Unix socket pairs: stream, datagram and packet boundaries, peeking, shutdown, credentials of the peer.
#include "zoo.h"
int main(void) {
	int kind[3] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}, s[3][2];
	pid_t c[3];
	for (int i = 0; i < 3; i++) {
		must(!socketpair(AF_UNIX, kind[i], 0, s[i]));
		if ((c[i] = child()) == 0) {
			char b[9000];
			ssize_t n;
			close(s[i][0]);
			while ((n = recv(s[i][1], b, sizeof b, 0)) > 0 && *b != 'q') same(send(s[i][1], b, n, 0), n);
			_exit(i);
		}
		close(s[i][1]);
	}
	ready();
	char a[8000], b[8000];
	for (int lap = 0; more(); lap++) {
		for (int i = 0; i < 3; i++) {
			size_t n = 1 + lap * 37 % sizeof a;
			memset(a, 'a' + lap % 16, n);
			same(send(s[i][0], a, n, 0), n);
			if (i == 0) {
				same(recv(s[i][0], b, n, MSG_WAITALL), n);
			} else {
				same(recv(s[i][0], b, 1, MSG_PEEK), 1);
				same(recv(s[i][0], b, sizeof b, 0), n);
			}
			must(!memcmp(a, b, n));
			fails(recv(s[i][0], b, 1, MSG_DONTWAIT), EAGAIN);
			struct ucred u;
			socklen_t l = sizeof u;
			must(!getsockopt(s[i][0], SOL_SOCKET, SO_PEERCRED, &u, &l));
			same(u.pid, getpid());
			int type;
			l = sizeof type;
			must(!getsockopt(s[i][0], SOL_SOCKET, SO_TYPE, &type, &l));
			same(type, kind[i]);
		}
	}
	for (int i = 0; i < 3; i++) {
		same(send(s[i][0], "q", 1, 0), 1);
		exits(c[i], i);
	}
	same(recv(s[0][0], b, 1, 0), 0);
	return ok();
}
