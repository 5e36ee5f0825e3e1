// What a program's own seccomp filter forbids to ask of names is refused with the filter's errno, also of names that are known.
// quick
#include "refuses.h"
int main(void) {
	told();
	refuses(SYS_access, SYS_readlink);
	char cwd[PATH_MAX], to[64];
	must(getcwd(cwd, sizeof cwd));
	strcat(cwd, "/nothing");
	ready();
	while (more()) {
		for (int i = 0; i < 3; nap(1), i++) fails(open(cwd, O_RDONLY), ENOENT);
		fails(syscall(SYS_access, cwd, F_OK), ENOTUNIQ);
		fails(syscall(SYS_readlink, cwd, to, sizeof to), ENOTUNIQ);
	}
	return ok();
}
