// A flock belongs to the open file: it outlives the child that inherits it and is let go by whichever holder unlocks.
#include "zoo.h"
int main(void) {
	int fd = open("flocked", O_RDWR | O_CREAT, 0600);
	must(fd >= 0);
	ready();
	while (more()) {
		must(!flock(fd, LOCK_EX));
		int other = open("flocked", O_RDWR);
		must(other >= 0);
		pid_t c = child();
		if (c == 0) _exit(0); // its exit closes a copy, which unlocks nothing
		exits(c, 0);
		fails(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
		c = child();
		if (c == 0) _exit(flock(fd, LOCK_UN) ? 1 : 5);
		exits(c, 5);
		must(!flock(other, LOCK_EX | LOCK_NB));
		c = child();
		if (c == 0) { // waits until the other lets go
			must(!flock(fd, LOCK_EX));
			_exit(6);
		}
		nap(5);
		must(!flock(other, LOCK_UN));
		exits(c, 6);
		close(other);
	}
	return ok();
}
