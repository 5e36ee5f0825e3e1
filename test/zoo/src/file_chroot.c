// A changed root bounds absolute and relative paths while away.
// needs: root
#include "zoo.h"
int main(void) {
	must(!mkdir("root", 0755) || errno == EEXIST);
	must(!mkdir("root/etc", 0755) || errno == EEXIST);
	int fd = open("root/etc/mark", O_CREAT | O_WRONLY | O_TRUNC, 0644);
	give(fd, "inside", 6);
	close(fd);
	told();
	must(!chroot("root") && !chdir("/"));
	ready();
	while (more()) {
		char b[16] = {0};
		same(slurp("/etc/mark", b, sizeof b), 6);
		must(!strcmp(b, "inside"));
		must(!access("../../etc/mark", F_OK));
		fails(access("/bin/sh", F_OK), ENOENT);
		char cwd[64];
		must(getcwd(cwd, sizeof cwd) && !strcmp(cwd, "/"));
		must(!chdir("etc") && !access("mark", R_OK) && !chdir(".."));
	}
	return ok();
}
