// epoll: level, edge and one-shot; data words come back; nested sets; a set made at home stays one while away.
#include "zoo.h"
int main(void) {
	int ep = epoll_create1(EPOLL_CLOEXEC), p[3][2];
	must(ep >= 0);
	for (int i = 0; i < 3; i++) {
		must(!pipe2(p[i], O_NONBLOCK));
		struct epoll_event e = {EPOLLIN | (i == 1 ? EPOLLET : i == 2 ? EPOLLONESHOT : 0), {.u64 = 0x123456789a00 + i}};
		must(!epoll_ctl(ep, EPOLL_CTL_ADD, p[i][0], &e));
	}
	int outer = epoll_create1(0);
	struct epoll_event o = {EPOLLIN, {.u32 = 77}};
	must(!epoll_ctl(outer, EPOLL_CTL_ADD, ep, &o));
	ready();
	while (more()) {
		struct epoll_event e[4];
		same(epoll_wait(ep, e, 4, 0), 0);
		pid_t c = child();
		if (c == 0) {
			nap(3);
			for (int i = 0; i < 3; i++) give(p[i][1], "e", 1);
			_exit(0);
		}
		same(epoll_wait(outer, e, 4, 10000), 1);
		same(e[0].data.u32, 77);
		exits(c, 0);
		same(epoll_wait(ep, e, 4, 10000), 3);
		int seen = 0;
		for (int i = 0; i < 3; i++) {
			same(e[i].data.u64 & ~3ull, 0x123456789a00);
			same(e[i].events, EPOLLIN);
			seen |= 1 << (e[i].data.u64 & 3);
		}
		same(seen, 7);
		same(epoll_wait(ep, e, 4, 0), 1); // only the level-triggered one again
		same(e[0].data.u64, 0x123456789a00);
		char b;
		for (int i = 0; i < 3; i++) same(read(p[i][0], &b, 1), 1);
		struct epoll_event again = {EPOLLIN | EPOLLONESHOT, {.u64 = 0x123456789a02}};
		must(!epoll_ctl(ep, EPOLL_CTL_MOD, p[2][0], &again));
		fails(epoll_ctl(ep, EPOLL_CTL_ADD, p[0][0], &again), EEXIST);
	}
	return ok();
}
