// Descriptors that go through a socket, one with each byte.
#include <sys/socket.h>
static inline void pass(int socket, int fd) {
	char space[CMSG_SPACE(sizeof fd)] = {0}, byte = 1;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	same(sendmsg(socket, &m, 0), 1);
}
// passed gets a descriptor, or -1 when there are no more.
static inline int passed(int socket) {
	char space[CMSG_SPACE(sizeof(int))], byte;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	ssize_t n = recvmsg(socket, &m, 0);
	if (n == 0) return -1;
	same(n, 1);
	int fd;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}
