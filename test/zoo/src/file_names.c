// Names that come and go by the hand of a process at home are seen so from away, whatever was known of them before.
// quick
#include "orders.h"
static void obeys(char what) {
	switch (what) {
	case 'c': close(open("names/x", O_CREAT | O_WRONLY | O_EXCL, 0600)); break;
	case 'u': must(!unlink("names/x")); break;
	case 'l': must(!symlink("target", "names/x")); break;
	case 'm': must(!mkdir("names/d", 0700)); break;
	case 'f': close(open("names/d/y", O_CREAT | O_WRONLY, 0600)); break;
	case 'r': must(!rename("names/d", "names/e")); break;
	case 'R': must(!rename("names/e", "names/d")); break;
	case 'F': must(!unlink("names/d/y")); break;
	case 'M': must(!rmdir("names/d")); break;
	case 's': must(!symlink("d", "names/way")); break;
	case 'S': must(!unlink("names/way")); break;
	case 'v': must(!rename("names", "names.other") && !mkdir("names", 0700)); break;
	case 'V': must(!rmdir("names") && !rename("names.other", "names")); break;
	}
}

static char here[PATH_MAX];
static const char *absolute(const char *name) {
	static char full[PATH_MAX + 64];
	snprintf(full, sizeof full, "%s/%s", here, name);
	return full;
}

// absent checks every way of asking, and asks twice, by both kinds of path.
static void absent(const char *name) {
	struct stat s;
	struct statx x;
	char to[64];
	for (int i = 0; i < 4; i++) {
		const char *p = i % 2 ? name : absolute(name);
		fails(access(p, F_OK), ENOENT);
		fails(stat(p, &s), ENOENT);
		fails(lstat(p, &s), ENOENT);
		fails(open(p, O_RDONLY), ENOENT);
		fails(open(p, O_RDWR | O_TRUNC), ENOENT);
		fails(readlink(p, to, sizeof to), ENOENT);
		fails(faccessat(AT_FDCWD, p, R_OK, 0), ENOENT);
		fails(syscall(SYS_statx, AT_FDCWD, p, 0, STATX_ALL, &x), ENOENT);
		fails(syscall(SYS_statx, AT_FDCWD, p, 0, 0x80000000u, &x), EINVAL);
		fails(fstatat(AT_FDCWD, p, &s, 0x40000), EINVAL);
		fails(readlink(p, to, 0), EINVAL);
		fails(access(p, 8), EINVAL);
	}
}

static void isfile(const char *name) {
	struct stat s;
	char to[64];
	for (int i = 0; i < 4; i++) {
		const char *p = i % 2 ? name : absolute(name);
		must(!access(p, F_OK) && !lstat(p, &s) && S_ISREG(s.st_mode));
		fails(readlink(p, to, sizeof to), EINVAL);
		int fd = open(p, O_RDONLY);
		must(fd >= 0);
		close(fd);
	}
}

int main(void) {
	must(getcwd(here, sizeof here));
	must(!mkdir("names", 0700));
	pid_t c = employs(5);
	ready();
	char to[64];
	int fd0;
	while (more()) {
		absent("names/x");
		order('c');
		isfile("names/x");
		order('u');
		absent("names/x");
		order('l');
		same(readlink("names/x", to, sizeof to), 6);
		fails(open("names/x", O_RDONLY), ENOENT);
		absent("names/target");
		order('u');
		absent("names/x");
		absent("names/d/y");
		absent("names/d");
		order('m');
		absent("names/d/y");
		fails(readlink("names/d", to, sizeof to), EINVAL);
		fails(readlink(absolute("names/d"), to, sizeof to), EINVAL);
		order('f');
		isfile("names/d/y");
		absent("names/e/y");
		absent("names/way/y");
		order('s');
		isfile("names/way/y");
		same(readlink(absolute("names/way"), to, sizeof to), 1);
		order('r');
		absent("names/d/y");
		absent("names/way/y");
		isfile("names/e/y");
		order('R');
		isfile("names/d/y");
		absent("names/e");
		// What it does itself, and the directory it is in under its feet.
		must(!chdir("names"));
		fails(access("z", F_OK), ENOENT);
		fails(access("z", F_OK), ENOENT);
		order('v');
		fails(access("z", F_OK), ENOENT);
		fd0 = open("d/y", O_RDONLY);
		must(fd0 >= 0 && !close(fd0));
		must(!chdir(".."));
		absent("names/d/y");
		order('V');
		isfile("names/d/y");
		int fd = open("names/z", O_CREAT | O_EXCL | O_RDWR, 0600);
		must(fd >= 0);
		close(fd);
		isfile("names/z");
		must(!rename("names/z", "names/zz"));
		absent("names/z");
		isfile("names/zz");
		must(!unlink("names/zz"));
		order('S'), order('F'), order('M');
		absent("names/d/y");
	}
	close(go[1]);
	exits(c, 5);
	return ok();
}
