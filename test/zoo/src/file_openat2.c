// openat2 keeps its promises about where a path may lead.
#include "zoo.h"
#include <linux/openat2.h>
int main(void) {
	must(!mkdir("beneath", 0700) || errno == EEXIST);
	must(!symlink("/etc", "beneath/out") || errno == EEXIST);
	close(open("beneath/in", O_CREAT | O_WRONLY, 0600));
	int dir = open("beneath", O_PATH | O_DIRECTORY);
	must(dir >= 0);
	ready();
	while (more()) {
		struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
		int fd = syscall(SYS_openat2, dir, "in", &how, sizeof how);
		must(fd >= 0);
		same(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
		fails(syscall(SYS_openat2, dir, "../beneath/in", &how, sizeof how), EXDEV);
		fails(syscall(SYS_openat2, dir, "out/passwd", &how, sizeof how), EXDEV);
		how.resolve = RESOLVE_NO_SYMLINKS;
		fails(syscall(SYS_openat2, dir, "out/passwd", &how, sizeof how), ELOOP);
		fails(syscall(SYS_openat2, dir, "in", &how, 8), EINVAL);
	}
	return ok();
}
