// Goes through directories and asks of one entry after the other, as ls and du do, and says what it was told. What it asks
// of changes meanwhile, by its own doing and by that of a child, which it hears of.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { Files = 300 };
static char *names[Files];
static int count;

static void must(int ok, const char *what) {
	if (ok) return;
	perror(what);
	exit(1);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

static void lists(const char *dir) {
	DIR *d = opendir(dir);
	must(!!d, "opendir");
	count = 0;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.') names[count++] = strdup(e->d_name);
	closedir(d);
}

static void makes(const char *dir, int more) {
	must(!mkdir(dir, 0755), "mkdir");
	for (int i = 0; i < Files; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s/f%d", dir, i * 7919 % 1000);
		int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
		must(fd >= 0 && !ftruncate(fd, i * 7919 % 1000 + more) && !close(fd), "make");
	}
}

static long sum, asked;
static long size(const char *dir, const char *name) {
	char path[128];
	struct stat s;
	snprintf(path, sizeof path, "%s/%s", dir, name);
	asked++;
	return lstat(path, &s) ? -errno : s.st_size;
}
static long size_at(int fd, const char *name) {
	struct stat s;
	asked++;
	return fstatat(fd, name, &s, AT_SYMLINK_NOFOLLOW) ? -errno : s.st_size;
}
static void expects(const char *what, int i, long got, long want) {
	sum = sum * 31 + got;
	if (got == want) return;
	printf("%s: entry %d (%s) has %ld, not %ld\n", what, i, names[i], got, want);
}
static long first(int i) { return atoi(names[i] + 1); }

static void plain(const char *what) {
	char path[128], value[64];
	for (int i = 0; i < count; i++) {
		expects(what, i, size("d1", names[i]), first(i));
		snprintf(path, sizeof path, "d1/%s", names[i]);
		expects(what, i, lgetxattr(path, "user.none", value, sizeof value) < 0 ? -errno : 0, -ENODATA);
	}
}

// changed: what comes next is another file than it was a moment ago.
static int orders[2], answers[2];
static volatile sig_atomic_t came;
static void on(int s) { came = 1; }

struct order {
	int how, i;
};

static void does(int how, int i) {
	char path[128], to[128];
	snprintf(path, sizeof path, "d1/%s", names[i]);
	snprintf(to, sizeof to, "d1/%s.away", names[i]);
	switch (how) {
	case 0: must(!truncate(path, 5000), "truncate"); break;
	case 1: must(!rename(path, to), "rename"); break;
	case 2: must(!unlink(path), "unlink"); break;
	case 3: must(!unlink(path) && !symlink("nowhere", path), "symlink"); break;
	}
}
static const long becomes[] = {5000, -ENOENT, -ENOENT, 7};

static pid_t helper(void) {
	must(!pipe(orders) && !pipe(answers), "pipe");
	pid_t parent = getpid(), p = fork();
	must(p >= 0, "fork");
	if (p) return p;
	struct order o;
	close(orders[1]);
	while (read(orders[0], &o, sizeof o) == sizeof o) {
		does(o.how & 3, o.i);
		if (o.how & 4) must(!kill(parent, SIGUSR1), "kill");
		else must(write(answers[1], &o, sizeof o) == sizeof o, "answer");
	}
	_exit(0);
}

static void changed(void) {
	pid_t p = helper();
	close(orders[0]), close(answers[1]);
	signal(SIGUSR1, on);
	for (int i = 0; i < count; i++) {
		long want = first(i);
		if (i % 9 == 8) {
			struct order o = {i / 9 % 8, i};
			want = becomes[o.how & 3];
			came = 0;
			if (i % 2) does(o.how & 3, i);
			else {
				must(write(orders[1], &o, sizeof o) == sizeof o, "order");
				if (o.how & 4) while (!came) {}
				else must(read(answers[0], &o, sizeof o) == sizeof o, "answer");
			}
		}
		expects("changed", i, size("d1", names[i]), want);
	}
	close(orders[1]);
	must(waitpid(p, 0, 0) == p, "wait");
}

// numbered: a number is another directory's in the midst.
static void numbered(void) {
	for (int way = 0; way < 2; way++) {
		int fd = open("d2", O_RDONLY | O_DIRECTORY), more = 1000;
		must(fd >= 0, "open");
		for (int i = 0; i < count; i++) {
			if (i % 50 == 37) {
				more = 3000 - more;
				const char *dir = more == 1000 ? "d2" : "d3";
				if (way) {
					int other = open(dir, O_RDONLY | O_DIRECTORY);
					must(dup2(other, fd) == fd && !close(other), "dup2");
				} else {
					must(!close(fd) && open(dir, O_RDONLY | O_DIRECTORY) == fd, "open");
				}
			}
			expects("numbered", i, size_at(fd, names[i]), first(i) + more);
		}
		close(fd);
	}
}

// relative: so is the working directory.
static void relative(void) {
	must(!chdir("d2"), "chdir");
	for (int i = 0, more = 1000; i < count; i++) {
		if (i % 50 == 37) {
			more = 3000 - more;
			must(!chdir(more == 1000 ? "../d2" : "../d3"), "chdir");
		}
		expects("relative", i, size_at(AT_FDCWD, names[i]), first(i) + more);
	}
	must(!chdir(".."), "chdir");
}

// open_files: entries that are descriptors of its own, which it closes in the midst.
static void open_files(void) {
	char path[64];
	int fds[Files];
	for (int i = 0; i < Files; i++) must((fds[i] = open("d1/f0", O_RDONLY)) >= 0, "open");
	lists("/proc/self/fd");
	for (int i = 0; i < count; i++) {
		int fd = atoi(names[i]), ours = fd >= fds[0] && fd <= fds[Files - 1];
		if (ours && i % 10 == 7) must(!close(fd), "close");
		struct stat st;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		asked++;
		long got = stat(path, &st) ? -errno : 0;
		if (ours) expects("open", i, got, i % 10 == 7 ? -ENOENT : 0);
	}
	for (int i = 0; i < Files; i++) close(fds[i]);
}

int main(void) {
	makes("d1", 0), makes("d2", 1000), makes("d3", 2000);
	lists("d1");
	plain("listed");
	qsort(names, count, sizeof *names, by_name);
	plain("sorted");
	lists("d2");
	numbered();
	relative();
	open_files();
	lists("d1");
	changed();
	printf("%ld asked, sum %ld\n", asked, sum);
	return 0;
}
