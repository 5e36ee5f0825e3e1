// Named and abstract unix sockets: bind, listen, accept and connect while away, reached from home.
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		for (int abstract = 0; abstract < 2; abstract++) {
			struct sockaddr_un a = {.sun_family = AF_UNIX}, b;
			int n = snprintf(a.sun_path + abstract, 90, "zoo.%d", getpid());
			socklen_t l = offsetof(struct sockaddr_un, sun_path) + n + 1, bl = sizeof b;
			if (!abstract) unlink(a.sun_path);
			int s = socket(AF_UNIX, SOCK_STREAM, 0);
			must(s >= 0 && !bind(s, (void *)&a, l) && !listen(s, 3));
			pid_t c = child();
			if (c == 0) {
				int k = socket(AF_UNIX, SOCK_STREAM, 0);
				must(!connect(k, (void *)&a, l));
				give(k, "hello", 5);
				_exit(0);
			}
			must(!getsockname(s, (void *)&b, &bl));
			same(bl, l);
			must(!memcmp(&a, &b, l));
			int k = accept(s, 0, 0);
			char t[8];
			must(k >= 0 && take(k, t, 5) && !memcmp(t, "hello", 5));
			struct ucred u;
			socklen_t ul = sizeof u;
			must(!getsockopt(k, SOL_SOCKET, SO_PEERCRED, &u, &ul));
			same(u.pid, c);
			close(k), close(s);
			exits(c, 0);
			if (!abstract) must(!unlink(a.sun_path));
		}
	}
	return ok();
}
