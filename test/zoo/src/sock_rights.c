// SCM_RIGHTS hands descriptors to and from a child at home; SCM_CREDENTIALS names the sender's pid.
#include "zoo.h"
static void send_fd(int s, int fd) {
	char c = 'f';
	union { struct cmsghdr h; char b[CMSG_SPACE(sizeof fd)]; } u = {0};
	struct iovec v = {&c, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof u};
	u.h = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&u.h), &fd, sizeof fd);
	same(sendmsg(s, &m, 0), 1);
}
static int recv_fd(int s, pid_t *from) {
	char c;
	union { struct cmsghdr h; char b[256]; } u = {0};
	struct iovec v = {&c, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof u};
	int fd = -1;
	ssize_t n = recvmsg(s, &m, MSG_CMSG_CLOEXEC);
	if (n == 0) return -1;
	same(n, 1);
	same(c, 'f');
	same(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC), 0);
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		if (h->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(h), sizeof fd);
		if (h->cmsg_type == SCM_CREDENTIALS && from) *from = ((struct ucred *)CMSG_DATA(h))->pid;
	}
	must(fd >= 0);
	return fd;
}
int main(void) {
	int s[2], on = 1;
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	pid_t c = child();
	if (c == 0) {
		close(s[0]);
		for (int fd; (fd = recv_fd(s[1], 0)) >= 0;) {
			give(fd, "to the pipe", 11);
			close(fd);
			int p[2];
			must(!pipe(p));
			give(p[1], "from home", 9);
			send_fd(s[1], p[0]);
			close(p[0]), close(p[1]);
		}
		_exit(0);
	}
	close(s[1]);
	must(!setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
	ready();
	while (more()) {
		int p[2];
		char b[32];
		must(!pipe(p));
		send_fd(s[0], p[1]);
		close(p[1]);
		must(take(p[0], b, 11) && !memcmp(b, "to the pipe", 11));
		same(read(p[0], b, 1), 0);
		close(p[0]);
		pid_t from = 0;
		int fd = recv_fd(s[0], &from);
		same(from, c);
		same(fcntl(fd, F_GETFD), FD_CLOEXEC);
		must(take(fd, b, 9) && !memcmp(b, "from home", 9));
		same(read(fd, b, 1), 0);
		close(fd);
	}
	close(s[0]);
	exits(c, 0);
	return ok();
}
