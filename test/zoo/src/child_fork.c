// fork while away: the child has its own memory, the parent's descriptors, a pid of home, and its parent is its parent.
// quick
#include "zoo.h"
static int value = 1;
int main(void) {
	pid_t me = getpid();
	int *heap = malloc(1 << 20);
	ready();
	for (int lap = 0; more(); lap++) {
		int p[2];
		must(!pipe(p));
		value = lap, heap[1000] = lap;
		pid_t c = child();
		if (c == 0) {
			must(getppid() == me && getpid() != me && getpid() == tid());
			same(value, lap);
			same(heap[1000], lap);
			value = -1, heap[1000] = -1;
			pid_t self = getpid();
			give(p[1], &self, sizeof self);
			pid_t g = child();
			if (g == 0) _exit(getppid() == self ? 21 : 1);
			exits(g, 21);
			_exit(lap & 127);
		}
		close(p[1]);
		pid_t said;
		must(take(p[0], &said, sizeof said));
		same(said, c);
		exits(c, lap & 127);
		same(value, lap);
		same(heap[1000], lap);
		close(p[0]);
	}
	return ok();
}
