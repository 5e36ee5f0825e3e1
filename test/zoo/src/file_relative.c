// Working directory, umask and relative paths are home's, also after chdir and fchdir while away.
#include "zoo.h"
int main(void) {
	char start[PATH_MAX], cwd[PATH_MAX], want[PATH_MAX + 16];
	must(getcwd(start, sizeof start));
	must(!mkdir("inner", 0755) || errno == EEXIST);
	int back = open(".", O_PATH);
	ready();
	for (int lap = 0; more(); lap++) {
		must(!chdir("inner"));
		snprintf(want, sizeof want, "%s/inner", start);
		must(getcwd(cwd, sizeof cwd) && !strcmp(cwd, want));
		mode_t mask = lap % 2 ? 027 : 0;
		umask(mask);
		unlink("made");
		int fd = open("made", O_CREAT | O_EXCL | O_WRONLY, 0666);
		must(fd >= 0);
		struct stat s;
		must(!fstat(fd, &s));
		same(s.st_mode & 0777, 0666 & ~mask);
		close(fd);
		must(!access("../inner/made", F_OK));
		fails(access("inner/made", F_OK), ENOENT);
		fails(getcwd(cwd, 3) ? 0 : -1, ERANGE);
		must(lap % 3 ? !fchdir(back) : !chdir(start));
		same(umask(0), mask);
		must(!access("inner/made", F_OK));
	}
	return ok();
}
