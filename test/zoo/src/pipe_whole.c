// A write that waits for room gives all that was to be written, wherever it is broken off by a move: to a pipe, a socket, a connection.
// quick
#include "zoo.h"
#include <netinet/in.h>

enum { size = 150000, kinds = 3 };
static char b[size];

static void connection(int s[2], int few) {
	int l = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	must(!bind(l, (void *)&at, n) && !listen(l, 1) && !getsockname(l, (void *)&at, &n));
	s[1] = socket(AF_INET, SOCK_STREAM, 0);
	must(!setsockopt(s[1], SOL_SOCKET, SO_SNDBUF, &few, sizeof few) && !setsockopt(l, SOL_SOCKET, SO_RCVBUF, &few, sizeof few));
	must(!connect(s[1], (void *)&at, n));
	must((s[0] = accept(l, 0, 0)) >= 0);
	close(l);
}

int main(void) {
	int to[kinds][2], back[2];
	must(!pipe(to[0]) && !socketpair(AF_UNIX, SOCK_STREAM, 0, to[1]) && !pipe(back));
	int few = 20000; // all that the kernel takes at once is not to be all
	must(!setsockopt(to[1][1], SOL_SOCKET, SO_SNDBUF, &few, sizeof few));
	connection(to[2], few);
	pid_t c = child();
	if (c == 0) { // stays at home, and takes its time
		for (int k = 0; k < kinds; k++) close(to[k][1]);
		close(back[0]);
		for (unsigned x = 0;; x++) {
			char got[8000];
			int fd = to[x % kinds][0];
			for (int left = size, n; left > 0; left -= n) {
				if ((n = read(fd, got, left < 8000 ? left : 8000)) <= 0) _exit(n == 0 && left == size ? 9 : 1);
				for (int i = 0; i < n; i++)
					if (got[i] != (char)((size - left + i) * 7 + x)) _exit(2);
				nap(1);
			}
			if (write(back[1], "", 1) != 1) _exit(3);
		}
	}
	for (int k = 0; k < kinds; k++) close(to[k][0]);
	close(back[1]);
	int room, before = fcntl(to[0][1], F_GETPIPE_SZ);
	socklen_t n = sizeof room;
	must(!getsockopt(to[2][1], SOL_SOCKET, SO_SNDBUF, &room, &n));
	int shorts = 0; // some may be: a thread that is just being woken seems not to wait
	ready();
	for (unsigned x = 0; more(); x++) {
		for (int i = 0; i < size; i++) b[i] = i * 7 + x;
		ssize_t n = write(to[x % kinds][1], b, size);
		must(n > 0);
		if (n < size) shorts++, give(to[x % kinds][1], b + n, size - n);
		char one;
		same(read(back[0], &one, 1), 1);
		// Room that was made is taken back, wherever the program is.
		for (int i = 0;; nap(20)) {
			int after;
			socklen_t m = sizeof after;
			must(!getsockopt(to[2][1], SOL_SOCKET, SO_SNDBUF, &after, &m));
			if (after == room && fcntl(to[0][1], F_GETPIPE_SZ) == before) break;
			must(i++ < 150);
		}
	}
	must(shorts <= 2);
	for (int k = 0; k < kinds; k++) close(to[k][1]);
	exits(c, 9);
	return ok();
}
