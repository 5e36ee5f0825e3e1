// What is written piece by piece goes where it is to go, at once for whoever hears of it, though a child at home has the description, or the table of descriptors, too.
#include "zoo.h"
enum { Pieces = 12 };
static char piece[1000];

static void pieces(int fd, char c, int n) {
	memset(piece, c, sizeof piece);
	for (int i = 0; i < n; i++) give(fd, piece, sizeof piece);
}

// holds checks what a file has from a place on, by its name.
static void holds(const char *name, off_t at, char c, int n, off_t size) {
	char b[sizeof piece];
	struct stat st;
	int fd = open(name, O_RDONLY);
	must(fd >= 0 && !fstat(fd, &st));
	same(st.st_size, size);
	memset(piece, c, sizeof piece);
	for (int i = 0; i < n; i++) {
		same(pread(fd, b, sizeof b, at + i * sizeof b), sizeof b);
		must(!memcmp(b, piece, sizeof b));
	}
	close(fd);
}

static int fresh(const char *name) {
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	return fd;
}

static void say(int by, int to) {
	char c;
	give(by, "g", 1);
	must(take(to, &c, 1));
}

int main(void) {
	int go[2], done[2], turn[2], turned[2];
	must(!pipe(go) && !pipe(done) && !pipe(turn) && !pipe(turned));
	int shared = fresh("shared-writes"), full = open("/dev/full", O_WRONLY), number = fresh("own-writes");
	must(full >= 0);
	pid_t forked = child();
	if (!forked) { // the description
		close(go[1]), close(done[0]), close(turn[1]), close(turned[0]);
		char c;
		while (read(go[0], &c, 1) == 1) {
			pieces(shared, 'c', 3);
			give(done[1], "d", 1);
		}
		_exit(4);
	}
	pid_t same_table = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!same_table) { // all numbers
		char c;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(turn[0], &c, 1) == 1 && c != 'e') {
			same(dup2(full, number), number);
			give(turned[1], "d", 1);
			must(take(turn[0], &c, 1));
			int fd = fresh("own-writes");
			same(dup2(fd, number), number);
			close(fd);
			give(turned[1], "d", 1);
		}
		_exit(5);
	}
	must(same_table > 0);
	ready();
	off_t at = 0;
	while (more()) {
		pieces(shared, 'a', Pieces);
		say(go[1], done[0]);
		pieces(shared, 'b', Pieces);
		say(go[1], done[0]);
		holds("shared-writes", at, 'a', Pieces, at + (2 * Pieces + 6) * sizeof piece);
		holds("shared-writes", at + Pieces * sizeof piece, 'c', 3, at + (2 * Pieces + 6) * sizeof piece);
		holds("shared-writes", at + (Pieces + 3) * sizeof piece, 'b', Pieces, at + (2 * Pieces + 6) * sizeof piece);
		at += (2 * Pieces + 6) * sizeof piece;

		pieces(number, 'n', Pieces);
		holds("own-writes", 0, 'n', Pieces, Pieces * sizeof piece);
		say(turn[1], turned[0]);
		for (int i = 0; i < Pieces; i++) fails(write(number, piece, sizeof piece), ENOSPC);
		say(turn[1], turned[0]);
		holds("own-writes", 0, 'n', 0, 0);
	}
	give(turn[1], "e", 1);
	exits(same_table, 5);
	close(go[1]);
	exits(forked, 4);
	return ok();
}
