// Relative names are looked for in the working directory, whatever it is called by then, whoever has changed it, and whichever thread.
// quick
#include "orders.h"
static void obeys(char what) {
	switch (what) {
	case 'r': must(!rename("cwd/one", "cwd/other")); break;
	case 'R': must(!rename("cwd/other", "cwd/one")); break;
	}
}
static volatile int asks = 1;
static void *asking(void *p) {
	while (asks) access("only.a", F_OK), access("only.b", F_OK);
	return p;
}
static char here[PATH_MAX];
static int to(const char *name) {
	char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "%s/cwd/%s", here, name);
	return chdir(path);
}
int main(void) {
	must(getcwd(here, sizeof here));
	must(!mkdir("cwd", 0700) && !mkdir("cwd/one", 0700) && !mkdir("cwd/a", 0700) && !mkdir("cwd/b", 0700));
	close(open("cwd/one/file", O_CREAT | O_WRONLY, 0600));
	close(open("cwd/a/only.a", O_CREAT | O_WRONLY, 0600));
	close(open("cwd/b/only.b", O_CREAT | O_WRONLY, 0600));
	pid_t c = employs(5);
	ready();
	char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "%s/cwd/one/file", here);
	for (int lap = 0; more(); lap++) {
		// It gets another name while only what is beside it was asked for.
		must(!to("one"));
		for (int i = 0; i < 3; nap(1), i++) fails(access("../nothing", F_OK), ENOENT);
		order('r');
		for (int i = 0; i < 3; nap(1), i++) fails(access(path, F_OK), ENOENT);
		must(!access("file", F_OK));
		order('R');
		must(!access("file", F_OK) && !access(path, F_OK));
		// A child that shares it changes it.
		must(!to("a"));
		for (int i = 0; i < 3; nap(1), i++) fails(access("only.b", F_OK), ENOENT);
		pid_t k = syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
		must(k >= 0);
		if (k == 0) _exit(to("b") ? 1 : 4);
		exits(k, 4);
		must(!access("only.b", F_OK));
		fails(access("only.a", F_OK), ENOENT);
		// Another thread asks meanwhile.
		asks = 1;
		pthread_t t = thread(asking, 0);
		for (int i = 0; i < 20; i++) {
			must(!to(i % 2 ? "b" : "a"));
			for (int n = 0; n < 2; n++) {
				must(!access(i % 2 ? "only.b" : "only.a", F_OK));
				fails(access(i % 2 ? "only.a" : "only.b", F_OK), ENOENT);
			}
		}
		asks = 0;
		join(t);
		must(!chdir(here));
	}
	close(go[1]);
	exits(c, 5);
	return ok();
}
