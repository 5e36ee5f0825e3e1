// A root program that changes its ids while away acts under them: files it makes, what it may open and kill; and back again.
// needs: root
#include "zoo.h"
#include <grp.h>
#include <sys/fsuid.h>
int main(void) {
	must(!chmod(".", 0777));
	close(open("rootonly", O_CREAT | O_WRONLY, 0600));
	ready();
	while (more()) {
		must(!setresgid(65534, 65534, 0) && !setresuid(65534, 65534, 0));
		uid_t r, e, s;
		must(!getresuid(&r, &e, &s));
		must(r == 65534 && e == 65534 && s == 0);
		fails(open("rootonly", O_RDONLY), EACCES);
		unlink("nobodys");
		int fd = open("nobodys", O_CREAT | O_EXCL | O_WRONLY, 0600);
		struct stat st;
		must(fd >= 0 && !fstat(fd, &st));
		must(st.st_uid == 65534 && st.st_gid == 65534);
		close(fd);
		must(!setresuid(0, 0, 0) && !setresgid(0, 0, 0));
		fd = open("rootonly", O_RDONLY);
		must(fd >= 0);
		close(fd);
		gid_t g[3] = {5, 6, 7}, got[3];
		must(!setgroups(3, g));
		same(getgroups(3, got), 3);
		must(!memcmp(g, got, sizeof g));
		pid_t c = child();
		if (c == 0) { // dropping for good
			must(!setgid(65534) && !setuid(65534));
			fails(setuid(0), EPERM);
			_exit(0);
		}
		exits(c, 0);
	}
	return ok();
}
