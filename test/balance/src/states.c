// Asks for the state of files and directories again and again while it changes: by its own doing, a child's, and that of
// somebody at home who says when he has done it. What stat(2) says is held against statx(2), which is always asked at home.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int ok, const char *what) {
	if (ok) return;
	perror(what);
	exit(1);
}

static const char *now;
static void compares(const char *path) {
	struct stat s;
	struct statx x;
	int one = stat(path, &s) ? errno : 0, two = statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &x) ? errno : 0;
	if (one != two) printf("%s: %s: stat gives %d, statx %d\n", now, path, one, two);
	if (one || two) return;
	if (s.st_ino != x.stx_ino || s.st_mode != x.stx_mode || s.st_nlink != x.stx_nlink || s.st_uid != x.stx_uid || s.st_gid != x.stx_gid || s.st_size != (off_t)x.stx_size ||
	    s.st_blocks != (blkcnt_t)x.stx_blocks || s.st_blksize != x.stx_blksize)
		printf("%s: %s: %ld bytes, %lu links, mode %o; statx: %llu, %u, %o\n", now, path, (long)s.st_size, (long)s.st_nlink, s.st_mode, (long long)x.stx_size, x.stx_nlink, x.stx_mode);
#define same(a, b) if (s.st_##a.tv_sec != x.stx_##b.tv_sec || s.st_##a.tv_nsec != x.stx_##b.tv_nsec) printf("%s: %s: another " #b "\n", now, path)
	same(atim, atime);
	same(mtim, mtime);
	same(ctim, ctime);
}

static void makes(const char *path, const char *what) {
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	must(fd >= 0 && write(fd, what, strlen(what)) == (ssize_t)strlen(what) && !close(fd), path);
}

// Each in a directory of its own, which has the file f. The shell's way to do it is for who is at home.
enum { Create, Unlink, Rename, Mkdir, ChmodDir, Chmod, Append, Truncate, Touch, Link, Read, Map, Replace, Symlink, Over, List, Steps };
static const char *const names[Steps] = {"create", "unlink", "rename", "mkdir", "chmod of the directory", "chmod", "append", "truncate", "touch", "link", "read", "map", "replace", "symlink", "rename over", "list"};
static const char *const shell[Steps] = {"echo x >g", "rm f", "mv f g", "mkdir g", "chmod 700 .", "chmod 600 f", "echo x >>f", "truncate -s 3 f", "touch f", "ln f g", "cat f >/dev/null", "cat f >/dev/null",
	"cd ..; mv $d away$d; mkdir $d; echo other >$d/f", "rm f; ln -s ../away f", "echo longer >g; mv g f", "ls >/dev/null"};

static void does(int step, const char *dir) {
	char b[64], other[300];
	int fd;
	must(!chdir(dir), dir);
	switch (step) {
	case Create: makes("g", "x"); break;
	case Unlink: must(!unlink("f"), "unlink"); break;
	case Rename: must(!rename("f", "g"), "rename"); break;
	case Mkdir: must(!mkdir("g", 0755), "mkdir"); break;
	case ChmodDir: must(!chmod(".", 0700), "chmod"); break;
	case Chmod: must(!chmod("f", 0600), "chmod"); break;
	case Append:
		must((fd = open("f", O_WRONLY | O_APPEND)) >= 0, "open");
		for (int i = 0; i < 5; i++) {
			must(write(fd, "more", 4) == 4, "append");
			compares("f");
		}
		must(!close(fd), "close");
		break;
	case Truncate: must(!truncate("f", 3), "truncate"); break;
	case Touch: must(!utimensat(AT_FDCWD, "f", NULL, 0), "touch"); break;
	case Link: must(!link("f", "g"), "link"); break;
	case Read: must((fd = open("f", O_RDONLY)) >= 0 && read(fd, b, sizeof b) > 0 && !close(fd), "read"); break;
	case Map:
		must((fd = open("f", O_RDWR)) >= 0, "open");
		char *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(m != MAP_FAILED, "mmap");
		*m = 'M';
		must(!msync(m, 4096, MS_SYNC) && !munmap(m, 4096) && !close(fd), "map");
		break;
	case Replace:
		snprintf(other, sizeof other, "../away-%s", strrchr(dir, '/') + 1);
		must(!rename(dir, other) && !mkdir(dir, 0755) && !chdir(dir), "replace");
		makes("f", "other");
		break;
	case Symlink: must(!unlink("f") && !symlink("../away", "f"), "symlink"); break;
	case Over:
		makes("g", "longer");
		must(!rename("g", "f"), "rename over");
		break;
	case List: {
		DIR *d = opendir(".");
		must(!!d, "opendir");
		while (readdir(d)) ;
		closedir(d);
	}
	}
	must(!chdir(".."), "chdir");
}

static FILE *to, *from;
static void by(int whose, int step, const char *dir) {
	char said[64];
	switch (whose) {
	case 0: does(step, dir); break;
	case 1:
		if (!fork()) {
			does(step, dir);
			fflush(stdout);
			_exit(0);
		}
		must(wait(NULL) > 0, "wait");
		break;
	case 2:
		fprintf(to, "d=%s; cd $d; d=${d##*/}; %s\n", dir, shell[step]);
		fflush(to);
		must(fgets(said, sizeof said, from) && !strcmp(said, "done\n"), "at home");
	}
}

static void stands(const char *want) { // where it is, by a call that may be answered away, and by one that is not
	char a[500], b[500] = "";
	must(!!getcwd(a, sizeof a), "getcwd");
	ssize_t n = readlink("/proc/self/cwd", b, sizeof b - 1);
	must(n > 0, "readlink");
	if (strcmp(a, b) || !strstr(a, want)) printf("getcwd gives %s, not %s, and it is %s\n", a, want, b);
	char c[4];
	if (getcwd(c, sizeof c) || errno != ERANGE) puts("getcwd writes behind its buffer");
}

int main(int argc, char **argv) {
	if (argc > 2) { // many DIRECTORY: the same questions a thousand times
		struct stat s;
		char b[500];
		must(!chdir(argv[2]), argv[2]);
		for (int i = 0; i < 1000; i++)
			must(!stat("15-0/f", &s) && !lstat("15-0", &s) && !!getcwd(b, sizeof b), "stat");
		puts("many");
		return 0;
	}
	char top[400], path[Steps][3][420], file[430];
	must(!!getcwd(top, sizeof top) && (to = fopen("to", "w")) && (from = fopen("from", "r")), "fifos");
	for (int i = 0; i < Steps; i++)
		for (int k = 0; k < 3; k++) {
			snprintf(path[i][k], sizeof path[i][k], "%s/%d-%d", top, i, k);
			must(!mkdir(path[i][k], 0755), "mkdir");
			snprintf(file, sizeof file, "%s/f", path[i][k]);
			makes(file, "contents");
			closedir(opendir(path[i][k]));
		}
	sleep(3); // what has just changed is not told
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < Steps; i++) {
			DIR *d = opendir(path[i][k]);
			must(!!d, "opendir");
			while (readdir(d)) ;
			closedir(d);
			snprintf(file, sizeof file, "%s/f", path[i][k]);
			now = "before";
			for (int n = 0; n < 6; n++) {
				compares(file);
				compares(path[i][k]);
				usleep(2000); // home learns beside that
			}
			now = names[i];
			by(k, i, path[i][k]);
			compares(path[i][k]);
			compares(file);
			for (int n = 0; n < 3; n++) {
				compares(file);
				compares(path[i][k]);
				usleep(1000);
			}
		}
	for (int k = 0; k < 3; k++) { // the working directory gets another name
		char moved[460];
		must(!mkdir("cwd", 0755) && !chdir("cwd"), "cwd");
		for (int n = 0; n < 6; n++) {
			stands("/cwd");
			usleep(2000);
		}
		snprintf(file, sizeof file, "%s/cwd", top);
		snprintf(moved, sizeof moved, "%s/moved%d", top, k);
		if (k == 0) must(!rename(file, moved), "rename");
		else if (k == 1) {
			if (!fork()) _exit(rename(file, moved));
			must(wait(NULL) > 0, "wait");
		} else {
			fprintf(to, "mv %s %s\n", file, moved);
			fflush(to);
			must(!!fgets(file, sizeof file, from), "at home");
		}
		stands("/moved");
		must(!chdir(".."), "chdir");
		char b[500];
		must(!!getcwd(b, sizeof b), "getcwd");
		if (strcmp(b, top)) printf("at %s, not %s\n", b, top);
	}
	puts("done");
}
