// Memory of a process's own grows by a descriptor that another process gets, uses and closes while it is looked who has it.
// expect: comes-home
#include "zoo.h"
#include <sys/socket.h>
enum { page = 4096 };
static void pass(int socket, int fd) {
	char space[CMSG_SPACE(sizeof fd)] = {0}, byte = 1;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	same(sendmsg(socket, &m, 0), 1);
}
// passed gets a descriptor, or -1 when there are no more.
static int passed(int socket) {
	char space[CMSG_SPACE(sizeof(int))], byte;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	if (recvmsg(socket, &m, 0) == 0) return -1;
	int fd;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}
int main(void) {
	int to[2];
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, to));
	pid_t c = child();
	if (c == 0) {
		close(to[0]);
		for (int lap = 0;; lap++) {
			nap(lap % 4 * 4); // it waits in the socket meanwhile
			int fd = passed(to[1]);
			if (fd < 0) _exit(0);
			must(!ftruncate(fd, 3 * page));
			same(pwrite(fd, &lap, sizeof lap, 2 * page), (long)sizeof lap);
			must(!close(fd));
		}
	}
	close(to[1]);
	ready();
	for (int lap = 0; more(); lap++) {
		int fd = memfd_create("grown", MFD_CLOEXEC);
		must(fd >= 0 && !ftruncate(fd, page));
		volatile int *m = mmap(0, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(m != MAP_FAILED);
		m[1] = lap;
		pass(to[0], fd);
		while (lseek(fd, 0, SEEK_END) < 3 * page) nap(1);
		nap(1); // until it has been written to, too
		volatile int *more = mmap(0, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(more != MAP_FAILED);
		for (double t = now(); more[2 * page / 4] != lap;) must(now() - t < 10);
		same(more[1], lap);
		same(more[page / 4], 0);
		must(!munmap((void *)more, 3 * page));
		must(!munmap((void *)m, page));
		must(!close(fd));
	}
	close(to[0]);
	exits(c, 0);
	return ok();
}
