// A program in pid and mount namespaces of its own, as in a container: it is moved by its pid at home and keeps its inner ids and tree.
// needs: root
#include "zoo.h"
#include <sys/mount.h>
static int inner(int go) {
	char b;
	must(take(go, &b, 1));
	same(getpid(), 1);
	must(!unshare(CLONE_NEWNS));
	must(!mount("none", "/", 0, MS_REC | MS_PRIVATE, 0));
	must(!mkdir("inner-tmp", 0755) || errno == EEXIST);
	must(!mount("tmpfs", "inner-tmp", "tmpfs", 0, "size=1m"));
	must(!mount("proc", "/proc", "proc", 0, 0));
	close(open("inner-tmp/mark", O_CREAT | O_WRONLY, 0600));
	dprintf(go, "m");
	while (more()) {
		same(getpid(), 1);
		same(getppid(), 0);
		must(!access("inner-tmp/mark", F_OK));
		char s[64] = {0};
		must(readlink("/proc/self", s, sizeof s - 1) == 1 && s[0] == '1');
		pid_t c = child();
		if (c == 0) _exit(getppid() == 1 && getpid() > 1 && getpid() < 4000000 ? 11 : 1);
		exits(c, 11);
	}
	return 13;
}
int main(void) {
	int s[2];
	char b;
	told();
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(!unshare(CLONE_NEWPID));
	pid_t c = child();
	if (c == 0) _exit(inner(s[1]));
	give(s[0], "g", 1);
	must(take(s[0], &b, 1));
	ready_as(c);
	exits(c, 13);
	must(access("inner-tmp/mark", F_OK) == -1);
	return ok();
}
