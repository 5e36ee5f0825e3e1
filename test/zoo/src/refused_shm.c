// A process attached to System V shared memory that another uses cannot be moved, and goes on sharing it.
// expect: refused cannot-move
#include "zoo.h"
#include <sys/shm.h>
int main(void) {
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	must(id >= 0);
	volatile int *m = shmat(id, 0, 0);
	must(m != (void *)-1 && !shmctl(id, IPC_RMID, 0));
	pid_t c = child();
	if (c == 0) {
		for (; m[0] >= 0; sched_yield()) m[1] = m[0];
		_exit(0);
	}
	ready();
	for (int n = 1; more(); n++) {
		m[0] = n;
		for (double t = now(); m[1] != n; sched_yield()) must(now() - t < 20);
	}
	m[0] = -1;
	exits(c, 0);
	return ok();
}
