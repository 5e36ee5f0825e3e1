// Names that are no UTF-8 are names like others: of the process itself, its threads, directory, mapped file, of what it looks for and executes.
// quick
#include "zoo.h"
static void *named(void *p) {
	char got[16];
	must(!prctl(PR_SET_NAME, "thr\xe9" "ad"));
	must(!prctl(PR_GET_NAME, got) && !strcmp(got, "thr\xe9" "ad"));
	for (;;) nap(50);
}
int main(void) {
	char got[64], want[16], path[PATH_MAX];
	struct stat st;
	must(!mkdir("d\xe9", 0700) || errno == EEXIST);
	must(!chdir("d\xe9"));
	int fd = open("f\xff\xfe", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char page[3 * 4096];
	memset(page, 'x', sizeof page);
	give(fd, page, sizeof page);
	must(!close(fd) && (fd = open("f\xff\xfe", O_RDONLY)) >= 0);
	const char *m = mmap(0, sizeof page, PROT_READ, MAP_PRIVATE, fd, 0);
	must(m != MAP_FAILED);
	unlink("tr\xe9");
	must(!symlink("/bin/true", "tr\xe9"));
	unlink("new\xe9");
	must(!prctl(PR_SET_NAME, "caf\xe9"));
	thread(named, 0);
	ready();
	for (long lap = 0; more(); lap++) {
		snprintf(want, sizeof want, "caf\xe9-%ld", lap);
		must(!prctl(PR_SET_NAME, want));
		must(!prctl(PR_GET_NAME, got) && !strcmp(got, want));
		slurp("/proc/self/comm", got, sizeof got);
		got[strcspn(got, "\n")] = 0;
		must(!strcmp(got, want));
		must(getcwd(path, sizeof path) && !strcmp(strrchr(path, '/'), "/d\xe9"));
		for (int i = 0; i < 3; i++) {
			same(m[i * 4096 + lap % 4096], 'x');
			must(!stat("f\xff\xfe", &st));
			same(st.st_size, sizeof page);
			fails(stat("new\xe9", &st), ENOENT);
		}
		must((fd = open("new\xe9", O_WRONLY | O_CREAT | O_EXCL, 0600)) >= 0 && !close(fd));
		must(!stat("new\xe9", &st));
		must(!unlink("new\xe9"));
		fails(stat("new\xe9", &st), ENOENT);
		pid_t c = child();
		if (c == 0) {
			execl("tr\xe9", "tr\xe9", "\xe9", (char *)0);
			_exit(3);
		}
		exits(c, 0);
	}
	return ok();
}
