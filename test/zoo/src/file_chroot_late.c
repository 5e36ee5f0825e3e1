// A root that changes while a move begins is the one that bounds names where the process arrives; what comes into it is seen.
// needs: root
#include "zoo.h"
static int go[2], done[2];
static void order(char what) {
	char b;
	give(go[1], &what, 1);
	must(take(done[0], &b, 1));
}
int main(void) {
	must(!mkdir("late", 0755) && !pipe(go) && !pipe(done));
	told();
	int out = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), at = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t c = child();
	if (c == 0) {
		close(go[1]), close(done[0]);
		char what;
		while (take(go[0], &what, 1)) {
			if (what == 'm') close(open("late/zoo.late", O_CREAT | O_WRONLY, 0600));
			else must(!unlink("late/zoo.late"));
			give(done[1], &what, 1);
		}
		_exit(5);
	}
	close(go[0]), close(done[1]);
	ready();
	while (more()) {
		nap(6); // outside
		must(!chroot("late") && !chdir("/"));
		for (int i = 0; i < 4; i++) {
			for (int n = 0; n < 3; nap(2), n++) fails(access("/zoo.late", F_OK), ENOENT);
			order('m');
			must(!access("/zoo.late", F_OK));
			order('u');
		}
		must(!fchdir(out) && !chroot(".") && !fchdir(at));
	}
	close(go[1]);
	exits(c, 5);
	return ok();
}
