// POSIX, open-file-description and flock locks held by a moved process still exclude others at home, with its pid shown.
#include "zoo.h"
static int try_lock(const char *how) { // a stranger tries; 0: got it, 1: was refused, with the owner checked
	pid_t parent = getpid(), c = child();
	if (c == 0) {
		int fd = open("locked", O_RDWR);
		must(fd >= 0);
		struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10};
		if (*how == 'f') _exit(flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? 1 : 2);
		if (*how == 'o') _exit(fcntl(fd, F_OFD_SETLK, &l) == 0 ? 0 : errno == EAGAIN ? 1 : 2);
		if (fcntl(fd, F_SETLK, &l) == 0) _exit(0);
		if (errno != EAGAIN && errno != EACCES) _exit(2);
		must(!fcntl(fd, F_GETLK, &l));
		same(l.l_type, F_WRLCK);
		same(l.l_pid, parent);
		_exit(1);
	}
	int s = reap(c);
	must(WIFEXITED(s));
	return WEXITSTATUS(s);
}
int main(void) {
	int fd = open("locked", O_RDWR | O_CREAT, 0600);
	must(fd >= 0);
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 100};
	must(!fcntl(fd, F_SETLK, &l));
	must(!flock(fd, LOCK_EX));
	ready();
	while (more()) {
		same(try_lock("posix"), 1);
		same(try_lock("flock"), 1);
		same(try_lock("ofd"), 1);
		l.l_type = F_UNLCK;
		must(!fcntl(fd, F_SETLK, &l));
		same(try_lock("posix"), 0);
		must(!flock(fd, LOCK_UN));
		same(try_lock("flock"), 0);
		l.l_type = F_WRLCK;
		must(!fcntl(fd, F_OFD_SETLK, &l));
		same(try_lock("ofd"), 1);
		l.l_type = F_UNLCK;
		must(!fcntl(fd, F_OFD_SETLK, &l));
		l.l_type = F_WRLCK;
		must(!fcntl(fd, F_SETLKW, &l));
		must(!flock(fd, LOCK_EX));
	}
	return ok();
}
