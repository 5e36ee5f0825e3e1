/* Gets into the state named by its argument, prints "ready [PID]", and stays
 * there until its standard input ends. "skip" means that this machine cannot
 * do it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 65536

static void say(const char *text) { (void)!write(1, text, strlen(text)); }
static void need(int ok) {
	if (!ok) {
		say("skip\n");
		_exit(0);
	}
}
static void hang(void) {
	char c;
	while (read(0, &c, 1) > 0)
		;
	syscall(SYS_exit, 0);
}
static void *ready(void *ignored) {
	(void)ignored;
	usleep(50000); /* until the first thread is gone */
	say("ready\n");
	hang();
	return NULL;
}
static int waits(void *ignored) {
	(void)ignored;
	hang();
	return 0;
}
static void *map(int prot, int flags, int fd) {
	void *p = mmap(NULL, SIZE, prot, flags, fd, 0);
	need(p != MAP_FAILED);
	return p;
}

static void *area;
static int memory(void) {
	int fd = memfd_create("x", 0);
	need(fd >= 0 && ftruncate(fd, SIZE) == 0);
	area = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	return fd;
}
static void *silent(void *ignored) {
	hang();
	return ignored;
}
static void *apart(void *ignored) {
	need(unshare(CLONE_FILES) == 0);
	hang();
	return ignored;
}

int main(int argc, char **argv) {
	const char *state = argc > 1 ? argv[1] : "";
	int is(const char *name) { return strcmp(state, name) == 0; }
	char line[64] = "ready\n";
	const int rw = PROT_READ | PROT_WRITE;

	if (is("shared")) {
		map(rw, MAP_SHARED | MAP_ANONYMOUS, -1);
	} else if (is("shared-child")) {
		map(rw, MAP_SHARED | MAP_ANONYMOUS, -1);
		int pid = fork();
		if (pid == 0)
			hang();
		snprintf(line, sizeof line, "ready %d\n", pid);
	} else if (is("shared-large")) { /* more than is shared across nodes */
		need(mmap(0, 17L << 30, rw, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED);
		int pid = fork();
		if (pid == 0)
			hang();
		snprintf(line, sizeof line, "ready %d\n", pid);
	} else if (is("readonly-file")) {
		map(PROT_READ, MAP_SHARED, open("/proc/self/exe", O_RDONLY));
	} else if (is("written-file")) {
		char name[] = "/var/tmp/statesXXXXXX";
		int fd = mkstemp(name);
		need(fd >= 0 && ftruncate(fd, SIZE) == 0);
		int ro = open(name, O_RDONLY);
		need(ro >= 0 && unlink(name) == 0);
		map(PROT_READ, MAP_SHARED, ro);
	} else if (is("may-write") || is("append")) {
		char name[] = "/var/tmp/statesXXXXXX";
		int fd = mkstemp(name);
		need(fd >= 0 && unlink(name) == 0 && ftruncate(fd, SIZE) == 0);
		map(PROT_READ, MAP_SHARED, fd);
		if (is("append")) /* what is written by it would go elsewhere */
			need(fcntl(fd, F_SETFL, O_APPEND) == 0);
	} else if (is("memfd")) {
		memory();
	} else if (is("memfd-child")) {
		memory();
		int pid = fork();
		if (pid == 0)
			hang();
		snprintf(line, sizeof line, "ready %d\n", pid);
	} else if (is("memfd-given")) { /* and only mapped from then on */
		close(memory());
		int pid = fork();
		if (pid == 0)
			hang();
		snprintf(line, sizeof line, "ready %d\n", pid);
	} else if (is("memfd-twice")) {
		char name[32];
		snprintf(name, sizeof name, "/proc/self/fd/%d", memory());
		need(open(name, O_RDWR) >= 0);
	} else if (is("memfd-closed")) {
		close(memory());
	} else if (is("memfd-leader")) { /* the first thread of the other process that has it has ended */
		close(memory());
		int pid = fork();
		pthread_t t;
		if (pid == 0 && pthread_create(&t, NULL, silent, NULL) == 0)
			syscall(SYS_exit, 0);
		usleep(50000);
		snprintf(line, sizeof line, "ready %d\n", pid);
	} else if (is("memfd-thread")) { /* a second thread of another process has a descriptor of it */
		int fd = memory(), pid = fork();
		pthread_t t;
		if (pid == 0 && munmap(area, SIZE) == 0 && pthread_create(&t, NULL, apart, NULL) == 0) {
			usleep(50000); /* until it has descriptors of its own */
			close(fd);
			hang();
		}
		close(fd);
		usleep(100000);
		snprintf(line, sizeof line, "ready %d\n", pid);
	} else if (is("memfd-sent") || is("memfd-unaccepted")) {
		int fd = memory(), pair[2];
		need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		if (is("memfd-unaccepted")) {
			struct sockaddr_un name = {.sun_family = AF_UNIX}; /* bind chooses one */
			socklen_t size = sizeof name;
			int listener = socket(AF_UNIX, SOCK_STREAM, 0);
			pair[0] = socket(AF_UNIX, SOCK_STREAM, 0);
			need(bind(listener, (void *)&name, sizeof(sa_family_t)) == 0 && listen(listener, 1) == 0 &&
			     getsockname(listener, (void *)&name, &size) == 0 && connect(pair[0], (void *)&name, size) == 0);
		}
		char control[CMSG_SPACE(sizeof fd)] = {0}, b = 1;
		struct iovec v = {&b, 1};
		struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
		need(sendmsg(pair[0], &h, 0) == 1);
		close(fd);
	} else if (is("sysv")) {
		int id = shmget(IPC_PRIVATE, SIZE, 0600 | IPC_CREAT);
		need(id >= 0);
		void *p = shmat(id, NULL, 0);
		shmctl(id, IPC_RMID, NULL);
		need(p != (void *)-1);
	} else if (is("locked")) {
		need(mlock(map(rw, MAP_PRIVATE | MAP_ANONYMOUS, -1), SIZE) == 0);
	} else if (is("sealed")) {
		need(syscall(462, map(rw, MAP_PRIVATE | MAP_ANONYMOUS, -1), SIZE, 0) == 0);
	} else if (is("key")) {
		int key = pkey_alloc(0, 0);
		need(key > 0 && pkey_mprotect(map(rw, MAP_PRIVATE | MAP_ANONYMOUS, -1), SIZE, rw, key) == 0);
	} else if (is("secret")) {
		int fd = syscall(SYS_memfd_secret, 0);
		need(fd >= 0 && ftruncate(fd, SIZE) == 0);
		map(rw, MAP_SHARED, fd);
	} else if (is("uffd")) {
		need(syscall(SYS_userfaultfd, O_CLOEXEC | 1) >= 0);
	} else if (is("uring")) {
		char params[120] = {0};
		need(syscall(SYS_io_uring_setup, 4, params) >= 0);
	} else if (is("aio")) {
		aio_context_t context = 0;
		need(syscall(SYS_io_setup, 4, &context) == 0);
	} else if (is("perf")) {
		struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_TASK_CLOCK};
		need(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) >= 0);
	} else if (is("memory-file")) {
		need(open("/proc/self/maps", O_RDONLY) >= 0);
	} else if (is("realtime")) {
		struct sched_param p = {.sched_priority = 1};
		need(sched_setscheduler(0, SCHED_RR, &p) == 0);
	} else if (is("strict")) {
		need(prctl(PR_SET_SECCOMP, 1) == 0);
	} else if (is("leader")) {
		pthread_t t;
		need(pthread_create(&t, NULL, ready, NULL) == 0);
		pthread_exit(NULL);
	} else if (is("same-memory")) {
		int pid = clone(waits, malloc(SIZE) + SIZE, CLONE_VM | SIGCHLD, NULL);
		need(pid > 0);
		snprintf(line, sizeof line, "ready %d\n", pid);
	} else if (is("tracer")) {
		int pid = fork();
		if (pid == 0)
			hang();
		need(ptrace(PTRACE_SEIZE, pid, 0, 0) == 0);
		snprintf(line, sizeof line, "ready %d\n", pid);
	}
	say(line);
	hang();
}
