// A file that processes read by one description, each at its own pace, gives every byte to one of them, and to only one.
// quick
#include "zoo.h"
enum { Readers = 3, Records = 4096, Size = 64 }; // some pieces of what is read ahead
static char name[] = "shared-reads";

// shares reads records until there are no more, and notes each that it gets.
static int shares(int fd, unsigned char *seen) {
	struct { int number, times[Size / 4 - 1]; } r;
	int n, got = 0;
	while ((n = read(fd, &r, sizeof r)) > 0) {
		same(n, sizeof r);
		must(r.number >= 0 && r.number < Records && r.times[7] == r.number * 7);
		seen[r.number]++;
		if (++got % 200 == 0) sched_yield();
	}
	same(n, 0);
	return got;
}

// reports has what a reader has seen go to its parent.
static void reports(int fd, int to, int pass) {
	static unsigned char seen[Records];
	if (pass >= 0) { // it has got the description through a socket
		char c;
		struct iovec v = {&c, 1};
		char room[CMSG_SPACE(sizeof fd)];
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
		same(recvmsg(pass, &m, 0), 1);
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		must(h && h->cmsg_type == SCM_RIGHTS);
		memcpy(&fd, CMSG_DATA(h), sizeof fd);
	}
	shares(fd, seen);
	give(to, seen, sizeof seen);
	_exit(3);
}

static void passes(int by, int fd) {
	char c = 'f', room[CMSG_SPACE(sizeof fd)];
	struct iovec v = {&c, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	*h = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(h), &fd, sizeof fd);
	same(sendmsg(by, &m, 0), 1);
}

int main(void) {
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	for (int i = 0; i < Records; i++) {
		int r[Size / 4] = {i};
		r[8] = i * 7;
		give(fd, r, sizeof r);
	}
	close(fd);
	ready();
	for (int lap = 0; more(); lap++) {
		static unsigned char seen[Records], theirs[Records];
		memset(seen, 0, sizeof seen);
		int by[2], results[2], passing = lap & 1;
		pid_t all[Readers];
		must(!socketpair(AF_UNIX, SOCK_STREAM, 0, by) && !pipe(results));
		if (!passing) must((fd = open(name, O_RDONLY)) >= 0);
		for (int i = 0; i < Readers; i++)
			if (!(all[i] = child())) {
				close(results[0]);
				reports(fd, results[1], passing ? by[0] : -1);
			}
		if (passing) {
			must((fd = open(name, O_RDONLY)) >= 0);
			struct { int number, times[Size / 4 - 1]; } r;
			for (int i = 0; i < 3; i++) { // what follows is ahead already
				same(read(fd, &r, sizeof r), sizeof r);
				same(r.number, i);
				seen[i]++;
			}
			for (int i = 0; i < Readers; i++) passes(by[1], fd);
		}
		shares(fd, seen);
		close(results[1]);
		for (int i = 0; i < Readers; i++) {
			must(take(results[0], theirs, sizeof theirs));
			for (int k = 0; k < Records; k++) seen[k] += theirs[k];
		}
		for (int i = 0; i < Readers; i++) exits(all[i], 3);
		for (int k = 0; k < Records; k++) same(seen[k], 1);
		close(fd), close(results[0]), close(by[0]), close(by[1]);
	}
	return ok();
}
