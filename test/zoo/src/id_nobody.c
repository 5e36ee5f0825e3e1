// A program of an unprivileged user is moved, stays unprivileged, and works.
// needs: root
// quick
#include "zoo.h"
#include <grp.h>
int main(void) {
	must(!chmod(".", 0777));
	close(open("rootonly", O_CREAT | O_WRONLY, 0600));
	told();
	must(!setgroups(0, 0) && !setgid(65534) && !setuid(65534));
	ready();
	while (more()) {
		same(getuid(), 65534);
		fails(setuid(0), EPERM);
		fails(open("rootonly", O_RDONLY), EACCES);
		fails(chroot("/"), EPERM);
		fails(kill(1, SIGTERM), EPERM);
		int fd = open("nobody.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
		must(fd >= 0);
		give(fd, "x", 1);
		close(fd);
		pid_t c = child();
		if (c == 0) _exit(getuid() == 65534 ? 9 : 1);
		exits(c, 9);
	}
	return ok();
}
