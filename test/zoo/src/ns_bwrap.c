// A program in a container made by bubblewrap: its own user, pid, mount, net, ipc and uts namespaces, a seccomp filter, pid 1; it sees its own files and ids.
// needs: root
#include "zoo.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
static pthread_mutex_t pi;
static int word;
static volatile int terms;
static void on(int s, siginfo_t *i, void *u) { terms++; }
static void *locks(void *p) {
	for (int i = 0; i < 20; i++) {
		same(pthread_mutex_lock(&pi), 0);
		word++;
		sched_yield();
		same(pthread_mutex_unlock(&pi), 0);
	}
	return 0;
}
static int inner(void) {
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&pi, &a);
	same(getpid(), 1);
	int fd = open("/inner/mark", O_CREAT | O_RDWR, 0600);
	must(fd >= 0);
	told();
	dprintf(1, "inner\n");
	for (int lap = 1; more(); lap++) {
		char b[64] = {0};
		same(getpid(), 1);
		same(tid(), 1);
		same(getppid(), 0);
		must(!gethostname(b, sizeof b) && !strcmp(b, "within"));
		must(readlink("/proc/self", b, sizeof b) == 1 && b[0] == '1');
		same(pwrite(fd, &lap, sizeof lap, 0), sizeof lap);
		must(!access("/inner/mark", F_OK));
		fails(mkdir("/inner/forbidden", 0700), ENOTUNIQ);
		pthread_t t = thread(locks, 0);
		word = 0;
		locks(0);
		join(t);
		// What would kill others does not kill the first process of a container.
		signal(SIGTERM, SIG_DFL);
		kill(1, SIGTERM);
		handle(SIGTERM, on, 0);
		terms = 0;
		kill(1, SIGTERM);
		same(terms, 1);
		pid_t c = child();
		if (c == 0) _exit(getppid() == 1 && getpid() > 1 && getpid() == tid() ? 11 : 1);
		exits(c, 11);
	}
	return 13;
}
int main(int argc, char **argv) {
	if (argc > 1) _exit(inner());
	if (access("/usr/bin/bwrap", X_OK)) {
		dprintf(1, "no bwrap on this machine\n");
		return 77;
	}
	told();
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTUNIQ),
	};
	int info[2], say[2], filter = memfd_create("filter", 0);
	must(filter >= 0 && write(filter, f, sizeof f) == sizeof f && lseek(filter, 0, SEEK_SET) == 0);
	must(!pipe(info) && !pipe(say));
	pid_t b = child();
	if (b == 0) {
		char i[16], s[16];
		snprintf(i, sizeof i, "%d", info[1]);
		snprintf(s, sizeof s, "%d", filter);
		dup2(say[1], 1);
		execl("/usr/bin/bwrap", "bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent", "--hostname", "within", "--bind", "/", "/",
			"--tmpfs", "/mnt", "--dir", "/mnt/x", "--tmpfs", "/inner", "--proc", "/proc", "--dev", "/dev",
			"--info-fd", i, "--seccomp", s, argv[0], "inner", NULL);
		_exit(127);
	}
	close(info[1]), close(say[1]);
	char text[512] = {0}, *p;
	for (size_t at = 0; at < sizeof text - 1 && !strstr(text, "child-pid");) {
		ssize_t r = read(info[0], text + at, sizeof text - 1 - at);
		must(r > 0);
		at += r;
	}
	must((p = strstr(text, "child-pid")));
	pid_t c = atoi(p + 11);
	must(c > 1);
	memset(text, 0, sizeof text);
	must(take(say[0], text, 6) && !strcmp(text, "inner\n"));
	ready_as(c);
	char rest[4096];
	for (ssize_t r; (r = read(say[0], rest, sizeof rest)) > 0;) must(write(1, rest, r) == r);
	exits(b, 13);
	return ok();
}
