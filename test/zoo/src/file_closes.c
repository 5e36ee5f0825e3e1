// What is closed is closed for all who can hear of it: its number, its locks, events of it, what it leads to in /proc; also around forks and threads.
// quick
#include "zoo.h"
#include <dirent.h>
#include <sys/inotify.h>
static int go[2], done[2], watch;
static char ask(char what) {
	char b;
	give(go[1], &what, 1);
	must(take(done[0], &b, 1));
	return b;
}
// has tells whether the process has a descriptor of this file: 3 to 63.
static int has(pid_t pid, const char *file) {
	for (int fd = 3; fd < 64; fd++) {
		char name[64], to[PATH_MAX];
		snprintf(name, sizeof name, "/proc/%d/fd/%d", pid, fd);
		ssize_t n = readlink(name, to, sizeof to - 1);
		if (n <= 0) continue;
		to[n] = 0;
		if (strlen(to) >= strlen(file) && !strcmp(to + strlen(to) - strlen(file), file)) return 1;
	}
	return 0;
}
static char events(void) { // w: closed after writing, r: closed otherwise, .: neither
	char b[4096] __attribute__((aligned(8))), is = '.';
	ssize_t n = read(watch, b, sizeof b);
	for (ssize_t at = 0; at < n;) {
		struct inotify_event *e = (void *)(b + at);
		if (e->mask & IN_CLOSE_WRITE) is = 'w';
		if (e->mask & IN_CLOSE_NOWRITE && is == '.') is = 'r';
		at += sizeof *e + e->len;
	}
	return is;
}
static void obey(pid_t of) { // stays at home
	char what;
	while (take(go[0], &what, 1)) {
		struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd;
		switch (what) {
		case 'e': what = events(); break;
		case 'h': what = has(of, "/closes/file") ? 'y' : 'n'; break;
		case 'd': what = has(of, "/closes") ? 'y' : 'n'; break;
		case 'p': // a POSIX lock
			must((fd = open("closes/file", O_RDWR)) >= 0);
			what = fcntl(fd, F_SETLK, &l) ? 'n' : 'y';
			close(fd);
			break;
		case 'f':
			must((fd = open("closes/file", O_RDWR)) >= 0);
			what = flock(fd, LOCK_EX | LOCK_NB) ? 'n' : 'y';
			close(fd);
			break;
		}
		give(done[1], &what, 1);
	}
}
static void *nothing(void *p) { return p; }
static int opened(const char *name, int flags) {
	int fd = open(name, flags, 0600);
	must(fd >= 0);
	return fd;
}
int main(void) {
	struct stat s;
	char b[100];
	must(!mkdir("closes", 0700) && !pipe(go) && !pipe(done));
	close(opened("closes/file", O_CREAT | O_WRONLY));
	pid_t self = getpid(), c = child();
	if (c == 0) {
		close(go[1]), close(done[0]);
		watch = inotify_init1(IN_NONBLOCK);
		must(watch >= 0 && inotify_add_watch(watch, "closes/file", IN_CLOSE) >= 0);
		obey(self);
		_exit(6);
	}
	close(go[0]), close(done[1]);
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	ready();
	while (more()) {
		ask('e');
		// Of each kind; and the number is free for the next, the lowest first.
		int r = opened("closes/file", O_RDONLY), d = opened("closes", O_RDONLY | O_DIRECTORY);
		int w = opened("closes/file", O_WRONLY | O_TRUNC), t = opened("closes/file", O_RDWR);
		must(r < d && d < w && w < t && !fstat(d, &s) && S_ISDIR(s.st_mode));
		fails(read(d, b, sizeof b), EISDIR);
		fails(read(w, b, 0), EBADF);
		fails(read(w, b, 1), EBADF);
		must(!fstat(w, &s) && s.st_size == 0);
		same(write(w, "some", 4), 4);
		must(!fstat(w, &s) && s.st_size == 4);
		must(!close(w) && !close(r));
		same(read(t, b, sizeof b), 4);
		must(!close(d) && !close(t));
		fails(close(w), EBADF);
		fails(close(t), EBADF);
		fails(fstat(d, &s), EBADF);
		same(ask('e'), 'w');
		same(ask('h'), 'n');
		same(ask('d'), 'n');
		for (int i = 0; i < 3; i++) {
			int one = opened("closes/file", O_RDONLY), two = opened("/etc/passwd", O_RDONLY), three = opened("closes", O_RDONLY);
			must(one == r && two == d && three == w);
			getppid();
			must(!close(two) && !close(one));
			same(opened("/etc/passwd", O_RDONLY), r);
			same(opened("closes/file", O_RDONLY), d);
			getppid();
			must(!close(d) && !close(r) && !close(w));
		}
		same(ask('e'), 'r');
		// Locks: of the process, which the close of any descriptor ends; of the description.
		r = opened("closes/file", O_RDONLY), w = opened("closes/file", O_RDWR);
		must(!fcntl(w, F_SETLK, &l));
		same(ask('p'), 'n');
		must(!close(r));
		same(ask('p'), 'y');
		must(!flock(w, LOCK_EX));
		same(ask('f'), 'n');
		must(!close(w));
		same(ask('f'), 'y');
		// Other descriptions by the same number.
		r = opened("closes/file", O_RDONLY), d = dup(r);
		int p[2];
		must(!pipe(p) && dup2(p[0], r) == r && !close(p[0]));
		must(!close(r));
		signal(SIGPIPE, SIG_IGN);
		fails(write(p[1], "x", 1), EPIPE);
		must(!close(p[1]) && !close(d));
		// What a child has is its own.
		r = opened("closes/file", O_RDONLY), w = opened("closes/file", O_RDWR);
		pid_t k = child();
		if (k == 0) {
			must(!close(r));
			same(opened("closes", O_RDONLY), r);
			_exit(0);
		}
		must(!close(w));
		same(reap(k), 0);
		same(ask('h'), 'y');
		must(!close(r));
		same(ask('h'), 'n');
		// A thread closes what another has opened.
		r = opened("closes/file", O_RDONLY);
		pthread_t other;
		must(!pthread_create(&other, 0, nothing, 0));
		must(!close(r));
		fails(close(r), EBADF);
		must(!pthread_join(other, 0));
		fails(close(r), EBADF);
		// Removed, and another one by its name.
		r = opened("closes/gone", O_CREAT | O_RDWR);
		same(write(r, "one", 3), 3);
		must(!unlink("closes/gone"));
		w = opened("closes/gone", O_CREAT | O_EXCL | O_RDWR);
		must(!fstat(r, &s) && s.st_nlink == 0 && s.st_size == 3);
		must(!close(r) && !fstat(w, &s) && s.st_nlink == 1 && s.st_size == 0);
		must(!close(w) && !unlink("closes/gone"));
	}
	close(go[1]);
	must(WEXITSTATUS(reap(c)) == 6);
	return ok();
}
