// Memory of memfd_create that was passed to a process that has nothing of this one's own goes on being shared.
#include "zoo.h"
enum { size = 8192 };
int main(void) {
	int p[2];
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	char control[CMSG_SPACE(sizeof(int))] = {0}, b = 1;
	struct iovec v = {&b, 1};
	struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	told();
	pid_t other = child();
	if (other == 0) {
		int fd;
		same(recvmsg(p[1], &h, 0), 1);
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
		volatile int *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(m != MAP_FAILED && !close(fd));
		give(p[1], &b, 1);
		for (; m[0] >= 0; sched_yield()) m[1] = m[0];
		_exit(0);
	}
	int fd = memfd_create("passed", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, size));
	volatile int *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(m != MAP_FAILED);
	c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	same(sendmsg(p[0], &h, 0), 1);
	must(!close(fd) && take(p[0], &b, 1));
	ready();
	for (int n = 1; more(); n++) {
		m[0] = n;
		for (double t = now(); m[1] != n; sched_yield()) must(now() - t < 20);
	}
	m[0] = -1;
	exits(other, 0);
	return ok();
}
