// A private mapping that is longer than its file shows what the file gets later, by whomever it is written.
// expect: comes-home
#include "zoo.h"
enum { Pages = 64, Page = 4096 };

static void grows(int fd, int n) {
	static char page[Page];
	memset(page, 1 + n % 100, sizeof page);
	give(fd, page, sizeof page);
}

static int fresh(void) {
	int fd = open("mapped-grows", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	grows(fd, 0);
	return fd;
}

int main(void) {
	int go[2], done[2];
	must(!pipe(go) && !pipe(done));
	pid_t c = child();
	if (!c) { // stays at home
		close(go[1]), close(done[0]);
		int n;
		while (take(go[0], &n, sizeof n)) {
			int fd = open("mapped-grows", O_WRONLY | O_APPEND);
			must(fd >= 0);
			grows(fd, n);
			close(fd);
			give(done[1], "d", 1);
		}
		_exit(4);
	}
	close(go[0]), close(done[1]);
	char *p = 0;
	int n = Pages, own = -1;
	ready();
	while (more()) {
		if (n == Pages) {
			if (p) munmap(p, Pages * Page);
			if (own >= 0) close(own), own = -1;
			close(fresh());
			int fd = open("mapped-grows", O_RDONLY);
			p = mmap(0, Pages * Page, PROT_READ, MAP_PRIVATE, fd, 0);
			must(fd >= 0 && p != MAP_FAILED);
			close(fd);
			n = 1;
		}
		same(p[0], 1);
		char d;
		if (n < Pages / 2) {
			give(go[1], &n, sizeof n);
			must(take(done[0], &d, 1));
		} else { // by a description of its own
			if (own < 0) must((own = open("mapped-grows", O_WRONLY | O_APPEND)) >= 0);
			grows(own, n);
		}
		same(p[n * Page + 77], 1 + n % 100);
		n++;
	}
	close(go[1]);
	exits(c, 4);
	return ok();
}
