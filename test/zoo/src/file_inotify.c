// inotify tells of changes at home.
#include "zoo.h"
#include <sys/inotify.h>
int main(void) {
	must(!mkdir("watched", 0700) || errno == EEXIST);
	int in = inotify_init1(IN_CLOEXEC);
	must(in >= 0);
	int w = inotify_add_watch(in, "watched", IN_CREATE | IN_DELETE | IN_CLOSE_WRITE);
	must(w > 0);
	ready();
	while (more()) {
		pid_t c = child();
		if (c == 0) {
			int fd = open("watched/file", O_CREAT | O_WRONLY, 0600);
			close(fd);
			unlink("watched/file");
			_exit(0);
		}
		unsigned seen = 0;
		while (seen != (IN_CREATE | IN_DELETE | IN_CLOSE_WRITE)) {
			char b[4096] __attribute__((aligned(8)));
			ssize_t n = read(in, b, sizeof b);
			must(n > 0);
			for (char *p = b; p < b + n;) {
				struct inotify_event *e = (void *)p;
				same(e->wd, w);
				must(!strcmp(e->name, "file"));
				seen |= e->mask;
				p += sizeof *e + e->len;
			}
		}
		exits(c, 0);
	}
	return ok();
}
